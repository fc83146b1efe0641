"""A verdict, or why there is none, as JUnit XML: what GitLab, Jenkins and others show as tests.

Owned here: which case says what. Each metric is a test case and the run one more, `verdict`. A
metric that failed is a failure and one that is inconclusive is skipped with its reason. The run is
held to more: an inconclusive run is a failure too (of type `inconclusive`), because a report
without one is shown in green, and nobody should read a release that nobody could judge as good.
What kept the command from judging or from acting is an error.

GitLab reads the text of these elements and takes what has none for a list of its attributes, so
each has its reason as text and in `message`. `file` is GitLab's, and links the case to the
analysis. Not here: where it is written (`judge.cli.ci.reports`).
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import dataclass

from judge.cli import kayenta_words as kayenta
from judge.spec.resolved import ResolvedAnalysis
from judge.verdict.verdict import Outcome, Verdict

# XML 1.0 has no way to write these.
_NO_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_COUNTED = ("failure", "error", "skipped")
_RUN = "verdict"
_TAKEN = re.compile(r"verdict|on-(pass|fail|inconclusive)|interrupted|could-not-judge")


@dataclass(frozen=True, slots=True)
class Problem:
    """What kept a command from judging or from acting.

    ``kind`` is one word: ``could-not-judge``, ``configuration``, ``interrupted`` or the option
    whose command failed, such as ``on-pass``.
    """

    kind: str
    message: str


@dataclass(frozen=True, slots=True)
class _Case:
    """``result`` is the name of its element, "" for a case that passed."""

    where: str
    name: str
    result: str = ""
    kind: str = ""
    text: str = ""


def verdict_junit(
    verdict: Verdict,
    analysis: ResolvedAnalysis,
    *,
    problem: Problem | None = None,
    file: str = "",
    seconds: float = 0.0,
) -> str:
    """``verdict`` as a document. ``seconds`` is how long it took, ``file`` the analysis's."""
    place = f"judge.{analysis.namespace}.{analysis.name}"
    cases = list(_cases(verdict, place))
    if problem is not None:
        cases.append(_Case(place, problem.kind, "error", problem.kind, problem.message))
    beside = kayenta.beside(verdict)
    return _document(f"{analysis.namespace}/{analysis.name}", cases, file, seconds, beside)


def problem_junit(name: str, problem: Problem, *, file: str = "", seconds: float = 0.0) -> str:
    """Why there is no verdict on ``name``, as a document."""
    case = _Case(f"judge.{name.replace('/', '.')}", _RUN, "error", problem.kind, problem.message)
    return _document(name, [case], file, seconds, [])


def _cases(verdict: Verdict, place: str) -> Iterator[_Case]:
    several = len(verdict.comparisons) > 1
    comparisons = verdict.comparisons if several else {"": verdict.metrics}
    for track, metrics in comparisons.items():
        for name, one in metrics.items():
            where = f"{place}.{track}" if track else place
            name = f"metric {name}" if _TAKEN.fullmatch(name) else name
            if one.verdict is Outcome.FAIL:
                yield _Case(where, name, "failure", "regression", one.reason)
            elif one.verdict is Outcome.INCONCLUSIVE:
                yield _Case(where, name, "skipped", "", one.reason)
            else:
                yield _Case(where, name)
    if verdict.verdict is Outcome.PASS:
        yield _Case(place, _RUN)
    else:
        kind = "regression" if verdict.verdict is Outcome.FAIL else "inconclusive"
        yield _Case(place, _RUN, "failure", kind, verdict.reason)


def _document(name: str, cases: list[_Case], file: str, seconds: float, beside: list[str]) -> str:
    said = [case.result for case in cases]
    failures, errors, skipped = (str(said.count(one)) for one in _COUNTED)
    suite = ET.Element(
        "testsuite",
        name=xml_text(name),
        tests=str(len(cases)),
        failures=failures,
        errors=errors,
        skipped=skipped,
        time=f"{seconds:.3f}",
    )
    if beside:
        properties = ET.SubElement(suite, "properties")
        ET.SubElement(properties, "property", name="alsoJudged", value=xml_text("; ".join(beside)))
    for case in cases:
        _add(suite, case, file, seconds if case.name == _RUN else 0.0)
    suites = ET.Element("testsuites")
    suites.append(suite)
    ET.indent(suites)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(suites, encoding="unicode")


def _add(suite: ET.Element, case: _Case, file: str, seconds: float) -> None:
    element = ET.SubElement(
        suite,
        "testcase",
        classname=xml_text(case.where),
        name=xml_text(case.name),
        time=f"{seconds:.3f}",
    )
    if file:
        element.set("file", xml_text(file))
    if case.result:
        result = ET.SubElement(element, case.result, message=xml_text(case.text))
        if case.kind:
            result.set("type", case.kind)
        result.text = xml_text(case.text)


def xml_text(text: str) -> str:
    """``text`` with a mark in the place of what XML cannot hold."""
    return _NO_XML.sub("\ufffd", text)
