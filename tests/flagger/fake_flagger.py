"""A Flagger for tests: one Canary, moved on tick by tick, its webhooks called over real HTTP.

Held to the nine tick-by-tick traces that were observed of Flagger v1.44 (`test_flagger_traces`):
the calls with their phases, the status after each tick, the routes, and each event with its phase
and text. What no trace shows (A/B, mirroring, step weights, a new revision while promotion is
held) is written from what its documentation and source say.

It keeps nothing itself: a Flagger that is started anew finds all in the Canary. Not here: the
workloads (whether they are ready is a knob), alerts, metrics of its own (a knob too), stepWise
promotion, progress deadlines.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.flagger.canary import (
    TOTAL,
    Analysis,
    Canary,
    Phase,
    Routes,
    Status,
    Type,
    Webhook,
    checksum,
)
from tests.flagger.webhooks import Answer, call, payload

UNDER_WAY = (Phase.PROGRESSING, Phase.WAITING_PROMOTION, Phase.PROMOTING, Phase.FINALISING)
ANALYSED = (Phase.PROGRESSING, Phase.WAITING_PROMOTION)
KUBERNETES = "kubernetes"


class Died(Exception):
    """The process was gone in the middle of a tick."""


@dataclass(frozen=True)
class Call:
    """One webhook call: which type, the phase in its body, and what came of it."""

    hook: Type
    phase: Phase
    answer: Answer


@dataclass(frozen=True)
class Event:
    """One event on the Canary, with the phase that its object had in hand."""

    phase: Phase
    warning: bool
    message: str


@dataclass
class Tick:
    """What one tick did, in order."""

    calls: list[Call] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)

    def asked(self, hook: Type) -> list[int]:
        """The statuses that calls of this type were answered with."""
        return [one.answer.status for one in self.calls if one.hook is hook]


@dataclass
class FakeFlagger:
    """The controller of one Canary.

    ``metrics`` says whether the Canary's own metric checks pass, ``ready`` whether its pods are;
    ``post`` calls a webhook;
    ``dies_after``, where set, is the number of webhook calls in a tick after which the process is
    gone: what it has written to the Canary by then stays.
    """

    canary: Canary
    metrics: Callable[[], bool] = lambda: True
    ready: Callable[[], bool] = lambda: True
    clock: Callable[[], float] = time.time
    post: Callable[[Webhook, bytes], Answer] = call
    dies_after: int | None = None

    def tick(self) -> Tick:
        """One beat of the Canary's interval. Raises `Died` where ``dies_after`` says so."""
        done = Tick()
        _Beat(self, done).advance()
        return done


class _Beat:
    """One tick: works on the Canary as it was read at its beginning, and writes the status."""

    def __init__(self, flagger: FakeFlagger, done: Tick) -> None:
        self._flagger = flagger
        self._canary = flagger.canary
        self._seen = flagger.canary.status
        self._routes = flagger.canary.routes
        self._done = done
        self._analysis = _effective(flagger.canary)

    @property
    def _target(self) -> str:
        return f"{self._canary.name}.{self._canary.namespace}"

    # -- the order of a tick

    def advance(self) -> None:
        if self._canary.suspend:
            self._event("skipping canary run as object is suspended")
            return
        self._initialise()
        if not self._has_work():
            return
        if self._seen.phase not in UNDER_WAY:
            self._begin()
        elif self._seen.phase in ANALYSED and self._changed():
            self._restart()
        elif self._flagger.ready():
            self._go_on()

    def _go_on(self) -> None:
        phase = self._seen.phase
        if self._canary.skip_analysis:
            self._promote_unseen()
        elif phase in ANALYSED and self._asked_to_roll_back(phase):
            self._event(f"Rolling back {self._target} manual webhook invoked", warning=True)
            self._roll_back()
        elif phase is Phase.PROMOTING:
            self._route_to_primary()
        elif phase is Phase.FINALISING:
            self._finish()
        elif self._seen.failed_checks >= self._analysis.threshold:
            self._roll_back()
        elif self._checks_pass():
            self._step()
        else:
            self._write(failed_checks=self._seen.failed_checks + 1)

    # -- before the analysis

    def _initialise(self) -> None:
        if self._seen.phase is not Phase.UNKNOWN:
            return
        now = self._canary.revision
        self._canary.status = Status(Phase.INITIALIZED, applied=now, promoted=now)
        self._seen = self._canary.status
        self._event(f"Initialization done! {self._target}")

    def _has_work(self) -> bool:
        if self._seen.phase in UNDER_WAY or self._seen.phase is Phase.WAITING:
            return True
        if self._seen.phase is Phase.FAILED:
            # The status follows the target even then; what is in hand still tells the change.
            self._write(applied=self._canary.revision)
        return self._changed()

    def _changed(self) -> bool:
        """Whether the target is neither what is analysed nor what was promoted last."""
        return self._canary.revision not in (self._seen.applied, self._seen.promoted)

    def _begin(self) -> None:
        self._seen = self._canary.status
        if not self._confirm_rollout():
            return
        message = f"New revision detected! Scaling up {self._target}"
        self._event(message, phase=Phase.PROGRESSING)
        self._sync(Phase.PROGRESSING)

    def _confirm_rollout(self) -> bool:
        phase = self._seen.phase
        for hook in self._hooks(Type.CONFIRM_ROLLOUT):
            if self._call(hook, phase).passed:
                self._event(f"Confirm-rollout check {hook.name} passed")
                continue
            if phase is not Phase.WAITING:
                self._write(phase=Phase.WAITING)
                self._halt(f"waiting for approval {hook.name}")
            return False
        return True

    def _restart(self) -> None:
        self._event(f"New revision detected! Restarting analysis for {self._target}")
        self._set_routes(Routes())
        self._sync(Phase.PROGRESSING)

    # -- the analysis

    def _asked_to_roll_back(self, phase: Phase) -> bool:
        for hook in self._hooks(Type.ROLLBACK):
            if self._call(hook, phase).passed:
                self._event(f"Rollback check {hook.name} passed", warning=True)
                return True
            self._event(f"Rollback hook {hook.name} not signaling a rollback")
        return False

    def _checks_pass(self) -> bool:
        mirroring = self._analysis.mirror and self._routes.mirrored
        if self._routes.canary == 0 and self._seen.iterations == 0 and not mirroring:
            self._event(f"Starting canary analysis for {self._target}")
            return self._pre_rollout()
        return self._external_checks() and self._metric_checks()

    def _pre_rollout(self) -> bool:
        for hook in self._hooks(Type.PRE_ROLLOUT):
            answer = self._call(hook, Phase.PROGRESSING)
            if not answer.passed:
                self._halt(f"pre-rollout check {hook.name} failed {answer.error}")
                return False
            self._event(f"Pre-rollout check {hook.name} passed")
        return True

    def _external_checks(self) -> bool:
        for hook in self._hooks(Type.ROLLOUT):
            answer = self._call(hook, Phase.PROGRESSING)
            if not answer.passed:
                self._halt(f"external check {hook.name} failed {answer.error}")
                return False
        return True

    def _metric_checks(self) -> bool:
        if self._flagger.metrics():
            return True
        self._event("Halt (metric)", warning=True)
        return False

    # -- the strategies

    def _step(self) -> None:
        if self._analysis.iterations and self._analysis.match:
            self._step_ab()
        elif self._analysis.iterations:
            self._step_blue_green()
        elif self._analysis.step_from(self._routes.canary) > 0:
            self._step_canary()

    def _step_canary(self) -> None:
        held = self._seen.phase is Phase.WAITING_PROMOTION
        if not self._routes.mirrored and not held and not self._confirm_traffic_increase():
            return
        if self._routes.canary >= self._analysis.top_weight:
            if self._confirm_promotion():
                self._promote()
            return
        self._set_routes(self._next_routes())
        self._event(f"Advance {self._target} canary weight {self._canary.routes.canary}")

    def _next_routes(self) -> Routes:
        weight = self._routes.canary
        if self._analysis.mirror and weight == 0 and not self._routes.mirrored:
            return Routes(mirrored=True)
        grown = min(TOTAL, weight + self._analysis.step_from(weight))
        return Routes(TOTAL - grown, grown)

    def _step_ab(self) -> None:
        if self._seen.iterations < self._analysis.iterations:
            self._set_routes(Routes(0, TOTAL))
            self._iterate()
        elif self._confirm_promotion():
            self._promote()

    def _step_blue_green(self) -> None:
        if self._seen.iterations < self._analysis.iterations:
            if self._analysis.mirror and not self._routes.mirrored:
                self._set_routes(Routes(mirrored=True))
            self._iterate()
        elif self._confirm_promotion():
            if self._seen.iterations == self._analysis.iterations:
                self._route_to_canary()
            else:
                self._promote()

    def _iterate(self) -> None:
        number = self._seen.iterations + 1
        self._write(iterations=number)
        of = f"{number}/{self._analysis.iterations}"
        self._event(f"Advance {self._target} canary iteration {of}")

    def _route_to_canary(self) -> None:
        if self._canary.provider != KUBERNETES:
            stop = "Stop traffic mirroring and route" if self._analysis.mirror else "Routing"
            self._event(f"{stop} all traffic to canary")
            self._set_routes(Routes(0, TOTAL))
        self._write(iterations=self._seen.iterations + 1)

    def _confirm_traffic_increase(self) -> bool:
        for hook in self._hooks(Type.CONFIRM_TRAFFIC_INCREASE):
            if not self._call(hook, Phase.PROGRESSING).passed:
                self._halt(f"waiting for traffic increase approval {hook.name}")
                return False
            self._event(f"Confirm-traffic-increase check {hook.name} passed")
        return True

    def _confirm_promotion(self) -> bool:
        for hook in self._hooks(Type.CONFIRM_PROMOTION):
            if self._call(hook, Phase.PROGRESSING).passed:
                self._event(f"Confirm-promotion check {hook.name} passed")
                continue
            before = self._analysis.iterations - 1
            if self._seen.phase is Phase.WAITING_PROMOTION:
                self._write(iterations=before)
            else:
                self._write(phase=Phase.WAITING_PROMOTION, iterations=before)
                self._halt(f"waiting for promotion approval {hook.name}")
            return False
        return True

    # -- the end

    def _promote(self) -> None:
        name, namespace = self._canary.name, self._canary.namespace
        self._event(f"Copying {self._target} template spec to {name}-primary.{namespace}")
        self._write(phase=Phase.PROMOTING)

    def _promote_unseen(self) -> None:
        name, namespace = self._canary.name, self._canary.namespace
        self._set_routes(Routes())
        self._event(f"Copying {self._target} template spec to {name}-primary.{namespace}")
        self._write(phase=Phase.SUCCEEDED, iterations=0, promoted=self._seen.applied)
        self._post_rollout(Phase.SUCCEEDED, in_hand=Phase.SUCCEEDED)
        said = f"Promotion completed! Canary analysis was skipped for {self._target}"
        self._event(said, phase=Phase.SUCCEEDED)

    def _route_to_primary(self) -> None:
        if self._canary.provider != KUBERNETES:
            self._event("Routing all traffic to primary")
            self._set_routes(Routes())
        self._write(phase=Phase.FINALISING, iterations=0)

    def _finish(self) -> None:
        self._write(phase=Phase.SUCCEEDED, iterations=0, promoted=self._seen.applied)
        self._post_rollout(Phase.SUCCEEDED, in_hand=Phase.SUCCEEDED)
        said = f"Promotion completed! Scaling down {self._target}"
        self._event(said, phase=Phase.SUCCEEDED)

    def _roll_back(self) -> None:
        if self._seen.failed_checks >= self._analysis.threshold:
            count = self._seen.failed_checks
            said = f"Rolling back {self._target} failed checks threshold reached {count}"
            self._event(said, warning=True)
        self._set_routes(Routes())
        said = f"Canary failed! Scaling down {self._target}"
        self._event(said, warning=True, phase=Phase.FAILED)
        self._sync(Phase.FAILED)
        self._post_rollout(Phase.FAILED, in_hand=self._seen.phase)

    def _post_rollout(self, phase: Phase, *, in_hand: Phase) -> None:
        for hook in self._hooks(Type.POST_ROLLOUT):
            answer = self._call(hook, phase)
            if not answer.passed:
                said = f"Post-rollout hook {hook.name} failed {answer.error}"
                self._event(said, warning=True, phase=in_hand)
                return
            self._event(f"Post-rollout check {hook.name} passed", phase=in_hand)

    # -- what reaches the outside

    def _write(self, **changes: object) -> None:
        self._canary.status = dataclasses.replace(self._canary.status, **changes)  # type: ignore[arg-type]

    def _sync(self, phase: Phase) -> None:
        """Begin the status anew for the target as it is now."""
        promoted = self._canary.status.promoted
        self._canary.status = Status(phase, applied=self._canary.revision, promoted=promoted)

    def _set_routes(self, routes: Routes) -> None:
        if self._canary.provider != KUBERNETES:
            self._canary.routes = routes

    def _hooks(self, wanted: Type) -> list[Webhook]:
        return [hook for hook in self._analysis.webhooks if hook.type is wanted]

    def _call(self, hook: Webhook, phase: Phase) -> Answer:
        body = self._payload(phase, hook.metadata)
        answer = self._flagger.post(hook, body)
        self._done.calls.append(Call(hook.type, phase, answer))
        if len(self._done.calls) == self._flagger.dies_after:
            raise Died
        return answer

    def _payload(self, phase: Phase, metadata: object) -> bytes:
        of = checksum(self._seen.applied)
        return payload(self._canary.name, self._canary.namespace, phase, of, metadata)  # type: ignore[arg-type]

    def _halt(self, why: str) -> None:
        self._event(f"Halt {self._target} advancement {why}", warning=True)

    def _event(self, message: str, *, warning: bool = False, phase: Phase | None = None) -> None:
        told = Event(phase or self._seen.phase, warning, message)
        self._done.events.append(told)
        for hook in self._hooks(Type.EVENT):
            told_of = {
                **(hook.metadata or {}),
                "eventMessage": message,
                "eventType": "Warning" if warning else "Normal",
                "timestamp": str(int(self._flagger.clock() * 1000)),
            }
            self._call(dataclasses.replace(hook, metadata=told_of), told.phase)


def _effective(canary: Canary) -> Analysis:
    """The analysis that Flagger carries out: without a mesh it is always blue/green."""
    if canary.provider != KUBERNETES:
        return canary.analysis
    iterations = canary.analysis.iterations or 10
    return dataclasses.replace(canary.analysis, match=False, mirror=False, iterations=iterations)
