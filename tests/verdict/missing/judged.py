"""What the judge says of the recordings."""

from __future__ import annotations

from functools import cache

from judge.verdict.sequential import SequentialJudge
from judge.verdict.verdict import Verdict
from tests.verdict.missing.recordings import bundles


@cache
def judge(name: str, release: str) -> SequentialJudge:
    """The judge of a release, who knows the history before it."""
    bundle = bundles(name)[release]
    return SequentialJudge(bundle.analysis, bundle.history)


@cache
def judged(name: str, release: str) -> Verdict:
    """What a run that looked after every interval said when it was decided."""
    return judge(name, release).decide(bundles(name)[release].intervals)
