"""What Flagger is answered, as a function of the webhook and of how the run stands; no I/O.

Flagger takes 200 for yes and 403 for no, and shows the body of a no in its events, so each comes
with one short line of reason. `rollback` is inverted: there yes means roll back. Promises that a
check fails only for what speaks against the revision, never because Judge cannot tell; that a
promotion is let through only by a pass; and that a rollback is asked for only by a failure.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

from judge.dialects.flagger.calls import Hook
from judge.store.run import RunState
from judge.store.standing import Standing
from judge.verdict.verdict import Outcome

LONGEST = 250  # characters of a line
YES = 200
NO = 403


@dataclass(frozen=True, slots=True)
class Answer:
    """A status and one line."""

    status: int
    text: str


class Stand(enum.Enum):
    """What a run says of its revision now."""

    OPEN = "not decided"  # and nothing against it so far
    PASSED = "pass"
    HELD = "on hold"  # nobody can tell, or somebody holds it: neither forth nor back
    WEAK = "failing so far"  # it would fail if it ended now
    FAILED = "fail"


_YES = {
    Stand.OPEN: {Hook.ROLLOUT, Hook.CONFIRM_TRAFFIC_INCREASE},
    Stand.PASSED: {Hook.ROLLOUT, Hook.CONFIRM_TRAFFIC_INCREASE, Hook.CONFIRM_PROMOTION},
    Stand.HELD: {Hook.ROLLOUT},
    Stand.WEAK: set(),
    Stand.FAILED: {Hook.ROLLBACK},
}
# What does not ask for a verdict is taken note of, whatever the run says.
_NOTED = {Hook.PRE_ROLLOUT, Hook.POST_ROLLOUT, Hook.EVENT}
_IN_DOUBT = {Hook.ROLLOUT} | _NOTED


def answer(hook: Hook, standing: Standing) -> Answer:
    """What ``hook`` is answered while the run stands so."""
    stand = stand_of(standing)
    why = _told(stand, standing)
    decisive = Stand.PASSED if standing.observes else stand
    yes = hook in _NOTED or hook in _YES[decisive]
    if standing.observes:
        why = f"observe mode, which acts on nothing; it would be: {why}"
    elif hook is Hook.ROLLBACK and not yes:
        why = f"no rollback: {why}"
    return Answer(YES if yes else NO, line(why, ending=f" (run {standing.run_id})"))


def in_doubt(hook: Hook, why: str) -> Answer:
    """What is answered where Judge itself cannot tell: it holds, and fails no check."""
    return Answer(YES if hook in _IN_DOUBT else NO, line(why))


def stand_of(standing: Standing) -> Stand:
    """What the run says now. A hold of a person's goes before whatever was decided."""
    if standing.decided and standing.outcome in (Outcome.PASS, Outcome.FAIL):
        if standing.held:
            return Stand.HELD
        return Stand.PASSED if standing.outcome is Outcome.PASS else Stand.FAILED
    if not standing.state.active or standing.held or standing.silent or standing.hole:
        return Stand.HELD
    weak = standing.score is not None and standing.score < standing.marginal
    return Stand.WEAK if weak else Stand.OPEN


def _told(stand: Stand, standing: Standing) -> str:
    reason = standing.reason or "waiting for the first look"
    match stand:
        case Stand.HELD:
            return f"on hold, {_held_by(standing)}; {reason}"
        case Stand.WEAK:
            points = f"score {standing.score:g}, below {standing.marginal:g}"
            return f"failing so far, {points}: {reason}"
        case _:
            return f"{stand.value}: {reason}"


def _held_by(standing: Standing) -> str:
    if standing.held:
        return "by hand, until the run is approved"
    if standing.state is RunState.CANCELLED:
        return "as its run was cancelled and will decide nothing"
    if standing.state is RunState.DONE:
        return "as its run ended inconclusive"
    if standing.silent:
        return "as Prometheus does not answer or looks fail"
    return "as the last look got no usable answer from Prometheus"


def line(text: str, *, ending: str = "") -> str:
    """``text`` in one line of `LONGEST` characters at most, with ``ending`` at its end."""
    words = " ".join("".join(one if one.isprintable() else " " for one in text).split())
    room = LONGEST - len(ending)
    if len(words) > room:
        words = words[: room - 1].rstrip() + "…"
    return words + ending
