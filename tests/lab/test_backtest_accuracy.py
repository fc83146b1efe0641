"""A backtest's figure on simulated services: within the promise, and known as well as it says."""

from __future__ import annotations

from judge.lab.backtest_accuracy import accuracy
from judge.lab.count_scenarios import OVERDISPERSED
from judge.lab.counts import CountScenario, Service


def test_what_a_backtest_says_is_held_by_its_intervals() -> None:
    scenario = CountScenario(
        "few", "overdispersed", Service(baseline_pods=4, requests=40.0), own=(OVERDISPERSED,)
    )
    *_, last = accuracy(scenario, services=3, hours=6.0, promise=0.05, seed=4)
    assert last.releases == 3 * 12 * 4
    assert last.share <= 0.05
    assert last.holding == 3
