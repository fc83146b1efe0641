"""A verdict in its four forms."""

from __future__ import annotations

import json
import sys
import xml.etree.ElementTree as ET

import pytest

from judge.cli.render import render
from judge.spec.resolved import ResolvedAnalysis
from judge.verdict.verdict import (
    BoundVerdict,
    MetricVerdict,
    Outcome,
    Promise,
    TrackVerdict,
    Verdict,
    document,
)

ANALYSIS = ResolvedAnalysis("checkout", (), namespace="shop")
GOOD = MetricVerdict(
    Outcome.PASS, "as good as the baseline", 1.02, 0.9, 1.2, 1.25, -3.0, 4.6, proven=True
)
BAD = MetricVerdict(Outcome.FAIL, "3.1 times the <baseline>'s | bad", 3.1, 2.2, 4.3, 1.25, 9.0, 4.6)
UNKNOWN = MetricVerdict(Outcome.INCONCLUSIVE, "no traffic")


def verdict(outcome: Outcome, **metrics: MetricVerdict) -> Verdict:
    named = {name.replace("_", "-"): one for name, one in metrics.items()}
    return Verdict(outcome, "because", 50.0, Promise.CALIBRATED, metrics=named)


ROLL_BACK = verdict(Outcome.FAIL, error_rate=BAD, latency=GOOD, crashes=UNKNOWN)


@pytest.mark.parametrize(
    ("outcome", "words"),
    [
        (Outcome.PASS, "PROMOTE"),
        (Outcome.FAIL, "ROLL BACK"),
        (Outcome.INCONCLUSIVE, "NOT KNOWN YET"),
    ],
)
def test_text_begins_with_what_to_do(outcome: Outcome, words: str) -> None:
    assert render(verdict(outcome), ANALYSIS, "text").startswith(f"{words}  shop/checkout: ")


def test_text_has_a_row_for_each_metric_with_its_numbers() -> None:
    lines = render(ROLL_BACK, ANALYSIS, "text").splitlines()
    (row,) = [line for line in lines if line.startswith("error-rate")]
    assert " ".join(row.split()) == (
        "error-rate fail 3.1 2.2 - 4.3 1.25 9 of 4.6 3.1 times the <baseline>'s | bad"
    )
    assert any(line.startswith("latency") and "pass (proven)" in line for line in lines)
    assert any(line.startswith("crashes") and "? - ?" in line for line in lines)
    assert "measured on this service's own history" in lines[-1]


def test_a_metric_held_to_its_bound_alone_shows_the_bound() -> None:
    tested = BoundVerdict(True, True, 0.07, 0.05, None, 5.0, 4.6)
    plain = BoundVerdict(False, False, 3.0, 9.0, 1.0)
    shares = MetricVerdict(Outcome.FAIL, "7 % is above 5 %", bound=tested)
    queue = MetricVerdict(Outcome.PASS, "within its bounds", bound=plain)
    lines = render(verdict(Outcome.FAIL, shares=shares, queue=queue), ANALYSIS, "text").splitlines()
    rows = {line.split()[0]: " ".join(line.split()) for line in lines if line}
    assert rows["shares"] == "shares fail - - max 0.05 5 of 4.6 7 % is above 5 %"
    assert rows["queue"] == "queue pass - - min 1 max 9 - within its bounds"


def test_text_is_coloured_on_a_terminal_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "\x1b[" not in render(ROLL_BACK, ANALYSIS, "text")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert "\x1b[" in render(ROLL_BACK, ANALYSIS, "text")


def test_markup_in_a_reason_is_text() -> None:
    odd = MetricVerdict(Outcome.PASS, "see [red]this[/red] :smile:")
    assert "see [red]this[/red] :smile:" in render(verdict(Outcome.PASS, odd=odd), ANALYSIS, "text")


def test_json_is_the_document_on_one_line() -> None:
    text = render(ROLL_BACK, ANALYSIS, "json")
    assert "\n" not in text
    assert json.loads(text) == document(ROLL_BACK)


def test_junit_fails_skips_and_passes() -> None:
    suite = ET.fromstring(render(ROLL_BACK, ANALYSIS, "junit")).find("testsuite")
    assert suite is not None
    assert suite.attrib == {
        "name": "shop/checkout",
        "tests": "4",
        "failures": "2",
        "errors": "0",
        "skipped": "1",
        "time": "0.000",
    }
    told = {
        case.attrib["name"]: [(one.tag, one.attrib["message"]) for one in case] for case in suite
    }
    assert told == {
        "error-rate": [("failure", BAD.reason)],
        "latency": [],
        "crashes": [("skipped", "no traffic")],
        "verdict": [("failure", "because")],
    }


def test_junit_holds_what_xml_cannot() -> None:
    odd = MetricVerdict(Outcome.FAIL, "bell \x07 and \ud800 half")
    text = render(verdict(Outcome.FAIL, odd=odd), ANALYSIS, "junit")
    message = next(ET.fromstring(text).iter("failure")).attrib["message"]
    assert message == "bell \ufffd and \ufffd half"


def test_markdown_is_a_table_whose_cells_hold() -> None:
    text = render(ROLL_BACK, ANALYSIS, "markdown")
    assert text.startswith("## ROLL BACK: shop/checkout\n")
    (row,) = [line for line in text.splitlines() if line.startswith("| error-rate")]
    assert r"3.1 times the \<baseline\>'s \| bad" in row
    assert row.replace(r"\|", "").count("|") == 8


def test_a_shadows_comparison_is_told_apart() -> None:
    both = Verdict(
        Outcome.PASS,
        "because",
        100.0,
        Promise.EXACT,
        metrics={"error-rate": GOOD},
        comparisons={"canary": {"error-rate": GOOD}, "shadow": {"error-rate": BAD}},
        tracks={
            "canary": TrackVerdict(Outcome.PASS, "because", 100.0),
            "shadow": TrackVerdict(Outcome.FAIL, "worse", 0.0),
        },
    )
    for output in ("text", "markdown"):
        shown = render(both, ANALYSIS, output)
        assert "shadow, which decides nothing: fail, score 0: worse" in shown
        assert "canary: error-rate" in shown
        assert "shadow: error-rate" in shown
    suite = ET.fromstring(render(both, ANALYSIS, "junit"))
    assert [case.attrib["classname"] for case in suite.iter("testcase")] == [
        "judge.shop.checkout.canary",
        "judge.shop.checkout.shadow",
        "judge.shop.checkout",
    ]
