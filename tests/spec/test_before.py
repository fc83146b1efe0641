"""A baseline that is the same service some time ago: what goes with the offset, what does not."""

from __future__ import annotations

import pytest

from judge.errors import SpecError
from judge.spec.document import from_document, to_document
from judge.spec.loading import load_analysis
from judge.spec.resolved import ResolvedAnalysis

DAY = 86_400.0
WHOLE = """
apiVersion: judge/v1
kind: Analysis
metadata: {name: checkout}
spec:
  tracks:
    baseline: {selector: 'app="checkout"'}
    canary: {selector: 'app="checkout"'}
  baselineOffset: 1d
  metrics:
    - {name: errors, template: http-error-rate}
"""


def loaded(**changed: str) -> ResolvedAnalysis:
    """The analysis with other lines at the end of its spec."""
    lines = "".join(f"  {name}: {value}\n" for name, value in changed.items())
    return load_analysis(WHOLE.replace("  metrics:", lines + "  metrics:"))


def wrong(text: str) -> str:
    with pytest.raises(SpecError) as caught:
        load_analysis(text)
    return str(caught.value)


def test_the_baseline_may_read_the_same_series_as_the_canary() -> None:
    analysis = loaded()
    assert analysis.baseline_offset == DAY
    assert analysis.shift == 1440
    queries = analysis.metrics[0].queries
    assert queries["baseline"] == queries["canary"]
    assert "reads the same series" in wrong(WHOLE.replace("  baselineOffset: 1d\n", ""))


def test_a_shadow_that_reads_the_canarys_series_is_refused_still() -> None:
    shadow = "    shadow: {selector: 'app=\"checkout\"'}\n  baselineOffset"
    assert "for canary and shadow" in wrong(WHOLE.replace("  baselineOffset", shadow))


@pytest.mark.parametrize(
    ("offset", "days"),
    [("1d", 8.0), ("1w", 35.0), ("45m", 7 + 0.75 / 24)],
    ids=["a day", "a week", "just before"],
)
def test_the_history_has_every_weekday_in_its_pairs(offset: str, days: float) -> None:
    text = WHOLE.replace("baselineOffset: 1d", f"baselineOffset: {offset}")
    assert load_analysis(text).history == pytest.approx(days * DAY)


def test_a_history_of_very_many_intervals_must_be_asked_for() -> None:
    assert loaded(interval="1s", duration="5m").history == pytest.approx(2 * DAY)
    assert loaded(interval="10s").history == pytest.approx(600_000)
    assert loaded(interval="10s", history="8d").history == 8 * DAY


def test_a_resolved_analysis_is_read_back_whole() -> None:
    analysis = loaded()
    assert from_document(to_document(analysis)) == analysis
    beside = load_analysis(
        WHOLE.replace("  baselineOffset: 1d\n", "").replace("'app", '\'track="b",app', 1)
    )
    assert beside.shift == 0
    assert "baselineOffset" not in to_document(beside)["spec"]


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("1d", "20m", "baselineOffset: 20m is shorter than the run (30m with its warm-up)"),
        ("1d", "32m\n  warmup: 5m", "shorter than the run (35m with its warm-up)"),
        ("1d", "40m\n  keepWatching: 30m", "shorter than the run (1h with its warm-up)"),
        ("1d", "90s\n  duration: 1m", "1m30s is no multiple of the interval (1m)"),
        ("1d", "1d\n  history: 8h", "history: no two runs 24h apart lie within 8h"),
        ("1d", "0s", "baselineOffset: 0s is shorter than the run"),
        ("\"'}\n    canary", "\"', weight: 90%}\n    canary", "weight: says nothing before and"),
        ("http-error-rate", "http-error-rate, better: decrease", "has its variants side by side"),
    ],
    ids=["overlap", "warm-up", "watching", "no multiple", "history", "nothing", "weight", "A/B"],
)
def test_what_does_not_go_together_is_told(old: str, new: str, told: str) -> None:
    assert told in wrong(WHOLE.replace(old, new, 1))


def test_a_metric_has_no_offset_of_its_own_yet() -> None:
    text = WHOLE.replace("http-error-rate}", "http-error-rate, baselineOffset: 1d}")
    assert "is not there in this version yet" in wrong(text)


def test_a_bundle_is_held_to_the_same() -> None:
    spec = {"metrics": [{"name": "errors", "kind": "proportion"}], "baselineOffset": "10m"}
    with pytest.raises(SpecError, match="baselineOffset: 10m is shorter than the run"):
        from_document(spec, looks=30)
    assert from_document(spec, looks=10).shift == 10
