"""The brief form of an answer, for callers that keep each one, such as Argo Rollouts.

Promises: small (a reason is cut at `LONGEST_REASON`), nothing null, and a ``verdict`` that is
`pass` or `fail` only where somebody may act on it: it is `inconclusive` before a run is decided, of
one that was cancelled undecided, and while a person holds back what the decision sets off.
Not here: the whole answer (`documents`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field

from judge.errors import SourceError
from judge.store.run import Run, RunState
from judge.verdict.verdict import Outcome

LONGEST_REASON = 300  # characters

BRIEF = Query(description="The verdict alone, small and without nulls: for callers that keep it")


class BriefVerdictDocument(BaseModel):
    """What may be acted on; ``score`` is left out where there is none."""

    model_config = ConfigDict(extra="forbid")

    verdict: Outcome = Field(description="inconclusive as long as nobody should act")
    score: float = Field(default=0.0, description="0 to 100; left out where there is none")
    reason: str


class BriefRunDocument(BriefVerdictDocument):
    """The same of a run."""

    id: str
    state: RunState


class BriefRunAnswer(BaseModel):
    """The answer about one run, in brief."""

    model_config = ConfigDict(extra="forbid")

    data: BriefRunDocument


class BriefVerdictAnswer(BaseModel):
    """The answer to a verdict asked for, in brief."""

    model_config = ConfigDict(extra="forbid")

    data: BriefVerdictDocument


def brief_run(run: Run, said: Mapping[str, Any]) -> dict[str, Any]:
    """Of a run, and the whole of what is said of it: what its brief answer holds."""
    found = {"id": run.id, "state": run.state.value, **brief(said)}
    if run.held and said["verdict"] != Outcome.INCONCLUSIVE:
        reason = f"held by hand, approve lets it go: {said['verdict']}, {said['reason']}"
        found |= {"verdict": Outcome.INCONCLUSIVE.value, "reason": _cut(reason)}
    if run.failing_since is not None and run.state.active:
        reason = f"the source does not answer, and is asked again; {found['reason']}"
        found["reason"] = _cut(reason)
    return found


def brief(said: Mapping[str, Any]) -> dict[str, Any]:
    """Of a verdict's whole document what the brief one holds."""
    score = {} if said["score"] is None else {"score": said["score"]}
    return {"verdict": said["verdict"], **score, "reason": _cut(said["reason"])}


def not_judged(error: SourceError) -> dict[str, Any]:
    """Where the source of a window did not answer: nobody should act, not even on an error."""
    reason = f"could not be judged: {error}"
    return {"verdict": Outcome.INCONCLUSIVE.value, "reason": _cut(reason)}


def _cut(reason: str) -> str:
    line = " ".join(reason.split())
    return line if len(line) <= LONGEST_REASON else line[: LONGEST_REASON - 1].rstrip() + "…"
