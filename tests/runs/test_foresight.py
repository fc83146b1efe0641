"""What cannot be tested, told before a run: from the history that a run would read."""

from __future__ import annotations

import pytest

from judge.errors import SourceRejected
from judge.runs.foresight import Foreseen, foresee
from judge.spec.resolved import JudgeName
from judge.verdict.verdict import Promise
from tests.runs.world import ScriptedSource
from tests.store.given import BEGAN, analysis


def test_the_history_that_a_run_would_read_is_gone_over() -> None:
    source = ScriptedSource()
    found = foresee(analysis(history=330.0), source, at=BEGAN)
    assert source.asked == [
        {"start": BEGAN - 300, "end": BEGAN, "tracks": ["baseline"], "thorough": False}
    ]
    assert [(one.metric, one.hopeless) for one in found.shortfalls] == [
        ("errors", True),
        ("errors", False),
    ]
    assert found.promise is Promise.UNCALIBRATED


def test_without_a_history_nothing_is_asked() -> None:
    source = ScriptedSource()
    assert foresee(analysis(history=0.0), source, at=BEGAN) == Foreseen()
    assert source.asked == []


def test_kayentas_judge_reads_no_history_and_promises_nothing() -> None:
    source = ScriptedSource()
    asked = analysis(history=330.0, judge=JudgeName.KAYENTA)
    assert foresee(asked, source, at=BEGAN) == Foreseen(promise=Promise.NONE)
    assert source.asked == []


def test_a_history_that_cannot_be_read_is_the_callers_to_tell() -> None:
    source = ScriptedSource()
    source.errors = [SourceRejected("no such function")]
    with pytest.raises(SourceRejected):
        foresee(analysis(history=300.0), source, at=BEGAN)
