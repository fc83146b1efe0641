"""An A/B test's answer in every output and on the live board."""

from __future__ import annotations

import io
import xml.etree.ElementTree as ET

import pytest
from rich.console import Console

from judge.cli.live.board import Board, Point, ratio_words
from judge.cli.live.chart import UNICODE, beyond, chart
from judge.cli.live.panel import Boards
from judge.cli.render import render
from judge.spec.resolved import ResolvedAnalysis
from judge.verdict.verdict import (
    Difference,
    MetricVerdict,
    Outcome,
    Promise,
    Verdict,
    metric_document,
)

ANALYSIS = ResolvedAnalysis("basket", (), namespace="shop")
CELLS = {
    Difference.BETTER: (Outcome.PASS, "pass (better)"),
    Difference.NONE: (Outcome.PASS, "pass (no difference)"),
    Difference.WORSE: (Outcome.FAIL, "fail (worse)"),
    None: (Outcome.INCONCLUSIVE, "inconclusive"),
}


def of(difference: Difference | None) -> MetricVerdict:
    outcome = CELLS[difference][0]
    return MetricVerdict(
        outcome, "the answer", 1.07, 1.02, 1.12, 1.0, -3.0, 3.7,
        proven=outcome is Outcome.PASS, difference=difference,
    )  # fmt: skip


def verdict(difference: Difference | None) -> Verdict:
    one = of(difference)
    return Verdict(one.verdict, "because", 100.0, Promise.UNCALIBRATED, metrics={"conversion": one})


@pytest.mark.parametrize("difference", [*Difference, None])
def test_text_and_markdown_have_it_beside_the_verdict(difference: Difference | None) -> None:
    cell = CELLS[difference][1]
    text, markdown = (render(verdict(difference), ANALYSIS, form) for form in ("text", "markdown"))
    (row,) = [line for line in text.splitlines() if line.startswith("conversion")]
    assert f" {cell}  " in row
    assert f"| {cell} |" in markdown


def test_junit_fails_for_the_worse_and_skips_what_is_not_known() -> None:
    """The run, whose case is the last, is no success where it is not known."""
    told = {
        difference: [
            [one.tag for one in case]
            for case in ET.fromstring(render(verdict(difference), ANALYSIS, "junit")).iter(
                "testcase"
            )
        ]
        for difference in (*Difference, None)
    }
    assert told[Difference.BETTER] == told[Difference.NONE] == [[], []]
    assert told[Difference.WORSE] == [["failure"], ["failure"]]
    assert told[None] == [["skipped"], ["failure"]]


def board(difference: Difference | None) -> Board:
    found = Board("basket", 100, 3600.0)
    document = {"verdict": "inconclusive", "reason": "so far", "metrics": {}}
    for look in range(50):
        now = metric_document(of(difference if look == 49 else None))
        found.observe(look, {**document, "metrics": {"conversion": now}})
    return found


@pytest.mark.parametrize(
    ("difference", "words"), [(Difference.BETTER, "better"), (Difference.NONE, "no difference")]
)
def test_the_board_has_it_beside_the_ratio_and_the_evidence(
    difference: Difference, words: str
) -> None:
    console = Console(file=io.StringIO(), width=100, height=40, color_system=None)
    with console.capture() as drawn:
        console.print(Boards([board(difference)]))
    assert f"1.07x (1.02 to 1.12), {words}" in drawn.get()
    assert f"-3.0 of 3.7  {words}" in drawn.get() or f"0.0 of 3.7  {words}" in drawn.get()


def test_what_is_better_is_not_drawn_as_beyond_the_limit() -> None:
    better, worse, unknown = (
        Point(0, 1.07, 1.02, 1.12, 1.0, 1.0, 3.7, "inconclusive", False, difference=word)
        for word in ("better", "worse", "")
    )
    assert (beyond(better), beyond(worse), beyond(unknown)) == (False, True, True)


def test_a_few_per_cent_have_an_axis_and_digits_of_their_own() -> None:
    near = Point(0, 1.013, 0.981, 1.042, 1.0, 1.0, 3.7, "inconclusive", False)
    lines = [
        line.plain for line in chart([near], looks=1, limit=1.0, width=40, height=9, glyphs=UNICODE)
    ]
    assert ratio_words(near) == "1.01x (0.981 to 1.04)"
    assert lines[0].lstrip().startswith("1.25x")
    assert lines[-1].lstrip().startswith("0.8x")
