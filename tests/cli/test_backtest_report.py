"""A backtest as text: what stays readable in a narrow terminal, and what is not claimed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from judge.cli.backtesting import report
from judge.runs.backtest.backtest import Backtested
from judge.runs.backtest.figures import figures
from judge.runs.backtest.results import Detection, Raise, WindowResult
from judge.runs.backtest.windows import Plan
from tests.runs.backtest.test_figures import HOUR, window
from tests.store.given import analysis


def backtested(*windows: WindowResult) -> Backtested:
    found = figures(windows, ["errors", "latency"], 60.0)
    return Backtested(analysis(), Plan(1.7e9, 1.7e9 + 48 * HOUR, HOUR), found, ())


@pytest.mark.parametrize("columns", [60, 80, 120])
def test_each_row_of_the_thresholds_has_its_metrics_name_in_any_terminal(
    monkeypatch: pytest.MonkeyPatch, columns: int
) -> None:
    monkeypatch.setattr(report, "PLAIN_WIDTH", columns)
    seen = tuple(Detection("errors", ratio, 3, 4) for ratio in (2.0, 4.0))
    told = report.text(backtested(window(0, raises={"errors": Raise(4.6, 1.5)}, detections=seen)))
    rows = [line.split()[0] for line in told.splitlines() if line.startswith(("errors", "latency"))]
    assert rows == ["errors", "latency"]
    assert max(map(len, told.splitlines())) <= columns


def test_a_metric_that_was_never_split_is_not_said_to_have_rolled_back_nothing() -> None:
    whole = window(0)
    apart = replace(whole, unsplit={"latency": "pods by other names than those of errors"})
    for one, cell in ((whole, "0"), (apart, "-")):
        told = report.text(backtested(one))
        (row,) = (line for line in told.splitlines() if line.startswith("latency "))
        assert row.split()[1] == cell
