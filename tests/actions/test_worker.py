"""The worker: at least once, in order, with patience and an end to it."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Engine

from judge.actions.worker import Patience, Worker
from judge.errors import ActionError
from judge.spec.resolved import Actions, Webhook
from judge.store.claims import Claims
from judge.store.database import migrate, open_database
from judge.store.outbox import Delivery, DeliveryState, Outbox
from judge.store.run import EventType, Run
from judge.store.runs import Runs
from judge.verdict.verdict import Outcome
from tests.actions.receiver import Answer, Receiver
from tests.store.given import BEGAN, Clock, analysis, interval, verdict


class Counted:
    def __init__(self) -> None:
        self.outcomes: list[str] = []

    def attempted(self, outcome: str) -> None:
        self.outcomes.append(outcome)


class World:
    """A database with decided runs, and workers on it."""

    def __init__(self, engine: Engine) -> None:
        self.clock, self.wall, self.counted = Clock(), Clock(5e6), Counted()
        self.runs = Runs(engine, clock=self.clock)
        self.claims = Claims(engine, clock=self.clock, wall=self.wall)
        self.outbox = Outbox(engine, clock=self.clock, wall=self.wall)

    def decide(self, *, on_interval: tuple[Webhook, ...], on_fail: tuple[Webhook, ...]) -> Run:
        """A run whose only look convicts."""
        actions = Actions(on_interval=on_interval, on_fail=on_fail)
        self.runs.start(analysis(actions=actions))
        (run,) = self.claims.claim("me", limit=1, lease=30)
        run = self.claims.record_history(run, [], delay=10, next_due=BEGAN)
        convicts = verdict(Outcome.FAIL, decided_at=0)
        return self.claims.record_look(run, interval(0), convicts, next_due=None)

    @contextmanager
    def worker(self, **changes: object) -> Iterator[Worker]:
        worker = Worker(
            self.outbox,
            wall=self.wall,
            observer=self.counted,
            rng=random.Random(1),
            **changes,  # type: ignore[arg-type]
        )
        try:
            yield worker
        finally:
            assert worker.stop(5)

    def only(self, run: Run) -> Delivery:
        (delivery,) = self.runs.outbox(run.id)
        return delivery


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    engine = open_database(f"sqlite:///{tmp_path}/judge.db")
    migrate(engine)
    yield World(engine)
    engine.dispose()


def _until(true: Callable[[], bool]) -> None:
    ends = time.monotonic() + 5
    while not true():
        assert time.monotonic() < ends, "waited in vain"
        time.sleep(0.005)


def test_one_beat_sends_all_that_is_due_in_order(world: World, receiver: Receiver) -> None:
    hook = (Webhook(receiver.url),)
    runs = [world.decide(on_interval=hook, on_fail=hook) for _ in range(3)]
    with world.worker(threads=2) as worker:
        worker.beat()
        _until(lambda: world.outbox.count()[DeliveryState.DELIVERED] == 6)
    for run in runs:
        got = [one.id for one in receiver.received if one.document["data"]["run"] == run.id]
        assert got == [f"{run.id}-looked-0-0", f"{run.id}-decision-0"]
    assert world.counted.outcomes == ["delivered"] * 6


def test_failed_attempt_is_made_again_under_the_same_id(world: World, receiver: Receiver) -> None:
    run = world.decide(on_interval=(), on_fail=(Webhook(receiver.url),))
    receiver.answers = [Answer(503)]
    with world.worker() as worker:
        (first,) = world.outbox.claim(limit=1, lease=30)
        worker.carry_out(first)
        waiting = world.only(run)
        assert waiting.error == f"{receiver.url} answered 503"
        assert world.wall.now <= waiting.next_at <= world.wall.now + 1
        world.wall.forward(2)
        (again,) = world.outbox.claim(limit=1, lease=30)
        worker.carry_out(again)
    assert (world.only(run).state, world.only(run).attempts) == (DeliveryState.DELIVERED, 2)
    assert len({one.id for one in receiver.received}) == 1
    assert len({one.body for one in receiver.received}) == 1
    assert world.counted.outcomes == ["retried", "delivered"]


def test_refused_delivery_is_given_up_and_told(world: World, receiver: Receiver) -> None:
    run = world.decide(on_interval=(), on_fail=(Webhook(receiver.url),))
    receiver.answers = [Answer(404)]
    with world.worker() as worker:
        worker.carry_out(*world.outbox.claim(limit=1, lease=30))
    assert world.only(run).state is DeliveryState.FAILED
    event = world.runs.events(run.id)[-1]
    assert event.type is EventType.GIVEN_UP
    assert event.data["error"] == f"{receiver.url} answered 404"
    assert world.counted.outcomes == ["failed"]


def test_retry_after_is_obeyed_up_to_a_bound(world: World, receiver: Receiver) -> None:
    run = world.decide(on_interval=(), on_fail=(Webhook(receiver.url),))
    receiver.answers = [Answer(429, {"retry-after": "50"}), Answer(429, {"retry-after": "9999"})]
    with world.worker(patience=Patience(longest_asked=100)) as worker:
        worker.carry_out(*world.outbox.claim(limit=1, lease=30))
        assert world.only(run).next_at == world.wall.now + 50
        world.wall.forward(50)
        worker.carry_out(*world.outbox.claim(limit=1, lease=30))
        assert world.only(run).next_at == world.wall.now + 100


@pytest.mark.parametrize(
    ("patience", "forward", "state"),
    [
        (Patience(attempts=2), 2.0, DeliveryState.FAILED),
        (Patience(attempts=3), 2.0, DeliveryState.PENDING),
        (Patience(age=10), 10.0, DeliveryState.FAILED),
        (Patience(age=10), 9.0, DeliveryState.PENDING),
    ],
)
def test_patience_ends(
    world: World, receiver: Receiver, patience: Patience, forward: float, state: DeliveryState
) -> None:
    run = world.decide(on_interval=(), on_fail=(Webhook(receiver.url),))
    receiver.answers = [Answer(503), Answer(503)]
    with world.worker(patience=patience) as worker:
        worker.carry_out(*world.outbox.claim(limit=1, lease=30))
        world.wall.forward(forward)
        worker.carry_out(*world.outbox.claim(limit=1, lease=30))
    assert world.only(run).state is state


def test_pauses_double_with_full_jitter_up_to_a_bound() -> None:
    patience, rng = Patience(first_wait=1, longest_wait=60), random.Random(7)
    for attempts, longest in [(1, 1.0), (3, 4.0), (7, 60.0), (5000, 60.0)]:
        pauses = [patience.wait(attempts, None, rng=rng) for _ in range(400)]
        assert max(pauses) <= longest
        assert max(pauses) > 0.95 * longest
        assert min(pauses) < 0.05 * longest


def test_what_nobody_foresaw_is_tried_again_and_stops_nobody(world: World) -> None:
    run = world.decide(on_interval=(), on_fail=(Webhook("http://receiver/hunter2"),))

    def explode(*args: object, **kwargs: object) -> None:
        raise RuntimeError("hunter2")

    with world.worker(send=explode) as worker:
        worker.carry_out(*world.outbox.claim(limit=1, lease=30))
    waiting = world.only(run)
    assert waiting.state is DeliveryState.PENDING
    assert waiting.error == "unexpected RuntimeError; see the log"


def test_two_workers_do_not_send_the_same_at_once(world: World) -> None:
    world.decide(on_interval=(), on_fail=(Webhook("http://receiver"),))
    under_way, finish, sent = threading.Event(), threading.Event(), []

    def slow(hook: Webhook, *, message_id: str, **_: object) -> None:
        sent.append(message_id)
        under_way.set()
        finish.wait(5)

    with world.worker(send=slow) as one, world.worker(send=slow) as two:
        one.beat()
        assert under_way.wait(5)
        two.beat()
        one.beat()
        finish.set()
        _until(lambda: world.outbox.count()[DeliveryState.DELIVERED] == 1)
    assert len(sent) == 1


def test_stopped_worker_claims_nothing_more(world: World, receiver: Receiver) -> None:
    world.decide(on_interval=(), on_fail=(Webhook(receiver.url),))
    with world.worker() as worker:
        worker.stop(1)
        worker.beat()
    assert receiver.received == []
    assert world.outbox.count()[DeliveryState.PENDING] == 1


def test_stop_says_where_something_is_left_under_way(world: World) -> None:
    world.decide(on_interval=(), on_fail=(Webhook("http://receiver"),))
    under_way, finish = threading.Event(), threading.Event()

    def slow(hook: Webhook, **_: object) -> None:
        under_way.set()
        if not finish.wait(5):
            raise ActionError("too slow", retry=True)

    with world.worker(send=slow) as worker:
        worker.beat()
        assert under_way.wait(5)
        assert not worker.stop(0.05)
        finish.set()
