"""The worker: carries out what is in the outbox, again and again until it is done or hopeless.

Owned here: who sends what when, and the waiting between attempts. At least once: a worker that
dies after sending and before saying so leaves the row to be claimed again, under the same id.
Each row is one worker's at a time, by its lease. What a delivery is, is `webhook`'s; the order,
the outbox's.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Protocol

import structlog

from judge.actions.webhook import send
from judge.errors import ActionError
from judge.spec.resolved import Webhook
from judge.store.outbox import Delivery, Outbox

_log = structlog.get_logger(__name__)


class Send(Protocol):
    """Sends a webhook once; raises ActionError where it was not accepted."""

    def __call__(
        self, hook: Webhook, *, message_id: str, body: str, wall: Callable[[], float]
    ) -> None:
        """Send ``body``; return once it was accepted."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a delivery is tried. All in seconds of the machine's clock, but the attempts.

    Waiting is exponential with full jitter: uniform between 0 and ``first_wait``, doubled with
    each attempt, ``longest_wait`` at most. What the receiver asks for (Retry-After) counts,
    up to ``longest_asked``. After ``attempts`` or ``age`` it is given up.
    """

    first_wait: float = 1.0
    longest_wait: float = 600.0
    longest_asked: float = 3600.0
    attempts: int = 100
    age: float = 86_400.0

    def wait(self, attempts: int, asked: float | None, *, rng: random.Random) -> float:
        """Seconds until the next attempt after ``attempts`` failed ones."""
        longest = min(self.longest_wait, self.first_wait * 2.0 ** min(attempts - 1, 32))
        return max(rng.uniform(0, longest), min(asked or 0.0, self.longest_asked))

    def is_over(self, delivery: Delivery, *, now: float) -> bool:
        """Whether a delivery that has just failed has been tried for long enough."""
        first = now if delivery.first_at is None else delivery.first_at
        return delivery.attempts >= self.attempts or now - first >= self.age


PATIENCE = Patience()


class Observer(Protocol):
    """Is told how attempts went, to count them."""

    def attempted(self, outcome: str) -> None:
        """An attempt ended: ``delivered``, ``retried`` or ``failed``."""


class Worker:
    """Sends what is due, on ``threads`` threads. ``wall`` gives the machine's Unix seconds.

    ``lease`` (seconds) is how long a row stays ours after we died; `renew` it well within that.
    """

    def __init__(
        self,
        outbox: Outbox,
        *,
        wall: Callable[[], float],
        observer: Observer,
        patience: Patience = PATIENCE,
        lease: float = 30.0,
        threads: int = 4,
        rng: random.Random | None = None,
        send: Send = send,
    ) -> None:
        self._outbox = outbox
        self._wall = wall
        self._observer = observer
        self._patience = patience
        self._lease = lease
        self._threads = threads
        self._rng = rng or random.Random()  # noqa: S311 - spreads retries
        self._send = send
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="judge-send")
        self._under_way: set[Future[None]] = set()
        self._sending: dict[str, Delivery] = {}
        self._stopping = threading.Event()

    def beat(self) -> None:
        """Start sending what is due, as far as threads are free; does not wait for it."""
        self._under_way = {future for future in self._under_way if not future.done()}
        free = self._threads - len(self._under_way)
        if free <= 0 or self._stopping.is_set():
            return
        for delivery in self._outbox.claim(limit=free, lease=self._lease):
            self._under_way.add(self._pool.submit(self._work, delivery))

    def renew(self) -> None:
        """Keep what is on its way ours: an answer may take longer than the lease."""
        sending = tuple(self._sending.copy().values())
        if sending:
            self._outbox.renew(sending, lease=self._lease)

    def stop(self, timeout: float) -> bool:
        """Claim nothing more and wait ``timeout`` s for what is on its way; whether it ended."""
        self._stopping.set()
        self._pool.shutdown(wait=False)
        return not wait(self._under_way, timeout).not_done

    def _work(self, delivery: Delivery) -> None:
        """Carry out a delivery, and what is due after it."""
        queue = [delivery]
        while queue:
            try:
                self.carry_out(queue.pop())
                if not self._stopping.is_set():
                    queue = self._outbox.claim(limit=1, lease=self._lease)
            except Exception:  # noqa: BLE001 - the lease ends, and it is sent again
                _log.exception("the outbox cannot be written", id=delivery.id)
                return

    def carry_out(self, delivery: Delivery) -> None:
        """Make one attempt and record how it went."""
        self._sending[delivery.id] = delivery
        try:
            error = self._attempt(delivery)
        finally:
            del self._sending[delivery.id]
        now = self._wall()
        if error is None:
            self._outbox.delivered(delivery)
            self._observer.attempted("delivered")
        elif not error.retry or self._patience.is_over(delivery, now=now):
            _log.warning("a delivery is given up", id=delivery.id, error=str(error))
            self._outbox.give_up(delivery, str(error))
            self._observer.attempted("failed")
        else:
            pause = self._patience.wait(delivery.attempts, error.after, rng=self._rng)
            _log.info("a delivery waits", id=delivery.id, error=str(error), wait=round(pause, 1))
            self._outbox.retry(delivery, str(error), at=now + pause)
            self._observer.attempted("retried")

    def _attempt(self, delivery: Delivery) -> ActionError | None:
        try:
            self._send(
                delivery.webhook, message_id=delivery.id, body=delivery.body, wall=self._wall
            )
        except ActionError as error:
            return error
        except Exception as error:  # noqa: BLE001 - whatever it is must not stop the others
            _log.exception("a delivery failed unexpectedly", id=delivery.id)
            return ActionError(f"unexpected {type(error).__name__}; see the log", retry=True)
        return None
