"""Whatever happens, in whatever order: no verdict is told of a rollout that it was not given on."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from judge.errors import Conflict
from judge.store.database import migrate, open_database
from judge.store.run import Command, Run
from tests.api.running import Clock
from tests.flagger.canary import Analysis, Canary, Phase, Routes, Type, Webhook, checksum
from tests.flagger.fake_flagger import Died, FakeFlagger
from tests.flagger.small_judge import SmallJudge, Weather
from tests.flagger.stage import AB, ALL, BLUE_GREEN, MIRROR, MIRRORED_GREEN, SINGLE, STEPS
from tests.flagger.webhooks import Answer

NOBODY = Answer(False, 0, "nobody listens")
RUN = re.compile(r"\(run (\w+)\)$")
GATED = (Type.PRE_ROLLOUT, Type.CONFIRM_TRAFFIC_INCREASE, Type.CONFIRM_PROMOTION)
JUDGE, GATE = "judge", "gate"

Op = tuple[str, object]
World = tuple[SmallJudge, Clock, Weather]


def op(name: str, values: st.SearchStrategy[object]) -> st.SearchStrategy[Op]:
    return values.map(lambda value: (name, value))


TICK = op("tick", st.just(None))
OPS = st.one_of(
    TICK,
    TICK,
    TICK,
    op("release", st.tuples(st.sampled_from("ABC"), st.booleans())),
    op("release", st.tuples(st.sampled_from("ABC"), st.booleans())),
    op("dies", st.integers(1, 4)),
    op("lost", st.integers(1, 4)),
    op("away", st.just(None)),
    op("restart", st.just(None)),
    op("silent", st.booleans()),
    op("gate", st.sampled_from(GATED)),
    op("person", st.sampled_from(list(Command))),
    op("ticks", st.integers(2, 6)),
)


@dataclass
class Epoch:
    """One rollout as Flagger has it; ``known_since`` is from when on Judge can tell it apart.

    ``traffic_since`` is from when on the canary gets requests.
    """

    revision: str
    began: float
    known_since: float
    traffic_since: float | None = None
    heard: bool = False
    ended: bool = False


@dataclass
class Play:
    """One Canary's story, and what is held of each answer."""

    judge: SmallJudge
    clock: Clock
    weather: Weather
    canary: Canary
    away: bool = False
    lost: int = 0
    refusing: set[Type] = field(default_factory=set)
    epochs: list[Epoch] = field(default_factory=list)
    refusals: int = 0
    calls: int = 0

    def carry_out(self, ops: Sequence[Op]) -> None:
        for name, value in ops:
            getattr(self, f"do_{name}")(value)

    # -- what may happen

    def do_tick(self, _: object = None) -> None:
        self._tick(FakeFlagger(self.canary, clock=self.clock, post=self._post))

    def do_ticks(self, count: int) -> None:
        for _ in range(count):
            self.do_tick()

    def do_dies(self, calls: int) -> None:
        self._tick(FakeFlagger(self.canary, clock=self.clock, post=self._post, dies_after=calls))

    def do_lost(self, call: int) -> None:
        self.lost = call
        self.do_tick()
        self.lost = 0

    def do_away(self, _: object) -> None:
        self.away = True
        self.do_tick()
        self.away = False

    def do_release(self, what: tuple[str, bool]) -> None:
        self.canary.revision, bad = what
        self.weather.bad_since.append((self.clock.now, bad))

    def do_restart(self, _: object) -> None:
        self.judge.restart()

    def do_silent(self, silent: bool) -> None:
        self.weather.silent = silent

    def do_gate(self, hook: Type) -> None:
        self.refusing ^= {hook}

    def do_person(self, command: Command) -> None:
        if found := self._runs():
            try:
                self.judge.runs.steer(found[-1].id, command, by="a person")
            except Conflict:
                return

    # -- how it happens

    def _tick(self, flagger: FakeFlagger) -> None:
        self.clock.now += 60
        if not self.away:
            self.judge.look()
        self.calls = 0
        before = self.canary.status
        with suppress(Died):
            flagger.tick()
        after = self.canary.status
        if after.phase is Phase.PROGRESSING and (
            before.phase in (Phase.UNKNOWN, Phase.INITIALIZED, Phase.WAITING)
            or before.phase in (Phase.SUCCEEDED, Phase.FAILED)
            or before.applied != after.applied
        ):
            self._begin(after.applied)
        elif self._has_traffic() and self.epochs[-1].traffic_since is None:
            self.epochs[-1].traffic_since = self.clock.now

    def _has_traffic(self) -> bool:
        iterates = self.canary.status.phase is Phase.PROGRESSING and self.canary.status.iterations
        return self.canary.routes != Routes() or bool(iterates)

    def _begin(self, revision: str) -> None:
        now = self.clock.now
        heard = next((one for one in reversed(self.epochs) if one.heard), None)
        same = heard is not None and heard.revision == revision and not heard.ended
        since = heard.known_since if same and heard is not None else now
        self.epochs.append(Epoch(revision, now, since))

    def _post(self, hook: Webhook, body: bytes) -> Answer:
        if hook.name == GATE:
            return Answer(not self._gated(hook.type), 403, "not yet")
        if self.away:
            return NOBODY
        told = self.canary.status.applied
        answer = self.judge.post(hook, body)
        self._check(hook.type, told, answer)
        self.calls += 1
        return NOBODY if self.calls == self.lost else answer

    def _gated(self, hook: Type) -> bool:
        if hook is Type.PRE_ROLLOUT and self.refusals:
            self.refusals -= 1
            return True
        return hook in self.refusing

    # -- what holds

    def _check(self, hook: Type, revision: str, answer: Answer) -> None:
        if not self.epochs:
            assert hook is Type.CONFIRM_ROLLOUT
            return
        epoch = self.epochs[-1]
        if hook in (Type.CONFIRM_ROLLOUT, Type.POST_ROLLOUT):
            epoch.ended = True
            assert answer.passed
            return
        assert epoch.revision == revision
        if hook is Type.CONFIRM_PROMOTION and answer.passed:
            run = self._run_of(answer, epoch)
            assert _verdict(run) == "pass"
            assert epoch.traffic_since is not None
            assert run.started_at >= epoch.traffic_since >= epoch.began
        if hook is Type.ROLLBACK and answer.passed:
            run = self._run_of(answer, epoch)
            assert _verdict(run) == "fail"
            assert run.started_at >= epoch.known_since
        if hook is Type.ROLLOUT and not answer.passed:
            run = self._run_of(answer, epoch)
            assert run.verdict is not None
            assert run.verdict["score"] == 0 or _verdict(run) == "fail"
        epoch.heard = epoch.heard or hook is not Type.ROLLBACK

    def _run_of(self, answer: Answer, epoch: Epoch) -> Run:
        """The run that was answered from: one of this revision."""
        found = RUN.search(answer.error)
        assert found is not None, answer
        run = self.judge.runs.get(found[1])
        ours = [one.id for one in self.judge.runs_of(self.canary.name, checksum(epoch.revision))]
        assert run.id in ours
        return run

    def _runs(self) -> list[Run]:
        return self.judge.runs_of(self.canary.name, self.canary.checksum)

    def end_well(self) -> None:
        """Once all is calm a good revision is promoted, and then a bad one is rolled back.

        Though another hook keeps the traffic away for two ticks each.
        """
        self.refusing.clear()
        self.weather.silent = False
        for revision, bad, end in (("good", False, Phase.SUCCEEDED), ("bad", True, Phase.FAILED)):
            self.do_release((revision, bad))
            self.refusals = 2
            for _ in range(60):
                self.do_tick()
                if (self.canary.status.applied, self.canary.status.phase) == (revision, end):
                    break
            assert (self.canary.status.applied, self.canary.status.phase) == (revision, end)


def _verdict(run: Run) -> str | None:
    return None if run.verdict is None else str(run.verdict["verdict"])


@pytest.fixture(scope="module")
def judge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("any")
    SmallJudge.write_analysis(folder)
    engine = open_database(f"sqlite:///{folder}/judge.db")
    migrate(engine)
    clock, weather = Clock(), Weather()
    yield SmallJudge(engine, folder, clock, weather), clock, weather
    engine.dispose()


NAMES = (f"canary-{number}" for number in itertools.count())


@settings(
    max_examples=10, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
@given(
    analysis=st.sampled_from([STEPS, BLUE_GREEN, SINGLE, AB, MIRROR, MIRRORED_GREEN]),
    ops=st.lists(OPS, min_size=5, max_size=25),
)
def test_no_verdict_is_told_of_another_rollout(
    judge: World, analysis: Analysis, ops: list[Op]
) -> None:
    play = play_of(judge, analysis)
    with capture_logs():
        play.do_tick()
        play.carry_out(ops)
        play.end_well()


@pytest.mark.parametrize("ticks", [0, 1, 2, 4, 6, 7])
def test_a_revision_that_comes_at_any_tick_is_judged_on_its_own(judge: World, ticks: int) -> None:
    play = play_of(judge, STEPS)
    with capture_logs():
        play.do_tick()
        play.do_release(("B", False))
        play.do_ticks(ticks)
        play.do_release(("C", True))
        play.do_ticks(12)
    assert (play.canary.status.applied, play.canary.status.phase) == ("C", Phase.FAILED)
    (run,) = play.judge.runs_of(play.canary.name, checksum("C"))
    assert _verdict(run) == "fail"


def play_of(judge: World, analysis: Analysis) -> Play:
    """A new Canary with all of Judge's hooks, and behind them another's."""
    small, clock, weather = judge
    weather.silent = False
    hooks = [Webhook(one, "", JUDGE) for one in ALL] + [Webhook(one, "", GATE) for one in GATED]
    canary = Canary(replace(analysis, webhooks=hooks), revision="A", name=next(NAMES))
    return Play(small, clock, weather, canary)
