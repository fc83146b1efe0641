"""JUnit as GitLab and Jenkins read it: every file has what they need, and tells the truth there."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import dataclass

import pytest

from judge.cli.junit import Problem, problem_junit, verdict_junit
from judge.spec.resolved import ResolvedAnalysis
from judge.verdict.verdict import MetricVerdict, Outcome, Promise, Verdict

ANALYSIS = ResolvedAnalysis("checkout", (), namespace="shop")
GOOD = MetricVerdict(Outcome.PASS, "as good as the baseline")
BAD = MetricVerdict(Outcome.FAIL, "3.1 times the <baseline>'s & bad")
UNKNOWN = MetricVerdict(Outcome.INCONCLUSIVE, "no traffic")
METRICS = {"error-rate": BAD, "latency": GOOD, "crashes": UNKNOWN}
OUTCOMES = list(Outcome)
# What xUnit's schema for Jenkins lets stand where; GitLab's `file` is beside it.
ATTRIBUTES = {
    "testsuites": set[str](),
    "testsuite": {"name", "tests", "failures", "errors", "skipped", "time"},
    "testcase": {"name", "classname", "time", "file"},
    "failure": {"type", "message"},
    "error": {"type", "message"},
    "skipped": {"type", "message"},
    "properties": set[str](),
    "property": {"name", "value"},
}


def verdict(outcome: Outcome, reason: str = "because") -> Verdict:
    return Verdict(outcome, reason, 50.0, Promise.CALIBRATED, metrics=METRICS)


@dataclass(frozen=True)
class Shown:
    """A test case in GitLab's report."""

    suite: str
    name: str
    status: str
    output: str | None
    file: str | None
    time: float


def shown_by_gitlab(text: str) -> list[Shown]:
    """Its rules: the first of failure, error and skipped counts, and of that the text."""
    cases = []
    for case in ET.fromstring(text).iter("testcase"):
        found = next(
            (one for tag in ("failure", "error", "skipped") for one in case.iter(tag)), None
        )
        cases.append(
            Shown(
                case.attrib["classname"],
                case.attrib["name"],
                "success" if found is None else found.tag,
                None if found is None else found.text,
                case.get("file"),
                float(case.attrib["time"]),
            )
        )
    return cases


def check_schema(text: str) -> None:
    """The rules that parsers have in common; the counts are those of the cases."""
    suites = ET.fromstring(text)
    assert suites.tag == "testsuites"
    for element in suites.iter():
        assert set(element.attrib) <= ATTRIBUTES[element.tag], element.tag
    for suite in suites:
        cases = list(suite.iter("testcase"))
        counted = {
            "tests": len(cases),
            **{f"{one}s": len(list(suite.iter(one))) for one in ("failure", "error")},
            "skipped": len(list(suite.iter("skipped"))),
        }
        assert {name: int(suite.attrib[name]) for name in counted} == counted
        names = [(case.attrib["classname"], case.attrib["name"]) for case in cases]
        assert len(set(names)) == len(names)
        assert all(names)
        assert all(len(case) <= 1 for case in cases)


@pytest.mark.parametrize("outcome", OUTCOMES)
@pytest.mark.parametrize("problem", [None, Problem("on-pass", "exit code 7")])
def test_a_verdict_is_a_document_that_parsers_take(
    outcome: Outcome, problem: Problem | None
) -> None:
    check_schema(
        verdict_junit(verdict(outcome), ANALYSIS, problem=problem, file="a.yaml", seconds=1.5)
    )


def test_a_problem_is_a_document_that_parsers_take() -> None:
    check_schema(problem_junit("shop/checkout", Problem("interrupted", "by SIGTERM")))


def test_gitlab_shows_every_reason_as_text() -> None:
    text = verdict_junit(verdict(Outcome.FAIL), ANALYSIS, file="ci/checkout.yaml", seconds=12.0)
    place = "judge.shop.checkout"
    assert shown_by_gitlab(text) == [
        Shown(place, "error-rate", "failure", BAD.reason, "ci/checkout.yaml", 0.0),
        Shown(place, "latency", "success", None, "ci/checkout.yaml", 0.0),
        Shown(place, "crashes", "skipped", "no traffic", "ci/checkout.yaml", 0.0),
        Shown(place, "verdict", "failure", "because", "ci/checkout.yaml", 12.0),
    ]


@pytest.mark.parametrize(
    ("outcome", "status"),
    [(Outcome.PASS, "success"), (Outcome.FAIL, "failure"), (Outcome.INCONCLUSIVE, "failure")],
)
def test_no_report_is_green_but_of_a_pass(outcome: Outcome, status: str) -> None:
    said = Verdict(outcome, "because", 50.0, Promise.EXACT, metrics={"latency": GOOD})
    assert [one.status for one in shown_by_gitlab(verdict_junit(said, ANALYSIS))] == [
        "success",
        status,
    ]


def test_what_went_wrong_afterwards_is_an_error_beside_the_verdict() -> None:
    problem = Problem("on-pass", "the command failed: exit code 7")
    *_, run, last = shown_by_gitlab(verdict_junit(verdict(Outcome.PASS), ANALYSIS, problem=problem))
    assert (run.name, run.status) == ("verdict", "success")
    assert (last.name, last.status, last.output) == ("on-pass", "error", problem.message)


def test_what_could_not_be_judged_is_one_error() -> None:
    problem = Problem("could-not-judge", "Prometheus is out of reach")
    (case,) = shown_by_gitlab(problem_junit("shop/checkout", problem))
    assert (case.suite, case.name) == ("judge.shop.checkout", "verdict")
    assert (case.status, case.output) == ("error", "Prometheus is out of reach")


def test_a_metric_is_not_taken_for_the_run() -> None:
    odd = {"verdict": BAD, "on-pass": GOOD, "latency": GOOD}
    said = Verdict(Outcome.PASS, "because", 50.0, Promise.EXACT, metrics=odd)
    text = verdict_junit(said, ANALYSIS, problem=Problem("on-pass", "exit code 7"))
    check_schema(text)
    assert [(one.name, one.status) for one in shown_by_gitlab(text)] == [
        ("metric verdict", "failure"),
        ("metric on-pass", "success"),
        ("latency", "success"),
        ("verdict", "success"),
        ("on-pass", "error"),
    ]


def test_what_xml_cannot_hold_is_marked() -> None:
    odd = 'bell \x07, half \ud800, \x00, \ufffe and <tag> & "quotes" ]]>'
    for text in (
        verdict_junit(verdict(Outcome.FAIL, odd), ANALYSIS),
        problem_junit(odd, Problem("could-not-judge", odd)),
    ):
        check_schema(text)
        text.encode("utf-8")
        said = [one.output for one in shown_by_gitlab(text)][-1]
        assert said == 'bell \ufffd, half \ufffd, \ufffd, \ufffd and <tag> & "quotes" ]]>'
