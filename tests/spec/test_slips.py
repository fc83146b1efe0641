"""Whatever slips into an analysis, it is refused with its place, or means something that lasts."""

from __future__ import annotations

import copy
import json
import math
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from judge.errors import SpecError
from judge.spec.document import from_document, to_document
from judge.spec.loading import load_analysis, load_analysis_document
from judge.spec.metric_template import shipped_templates, template_from_text
from judge.spec.resolved import ResolvedAnalysis

from .test_loading import WHOLE

Path = tuple[str | int, ...]

characters = st.text(alphabet="{}[]:,\"'`\\#&*!|>%@-\n\t \x00\u2028éx0.5$~?<=", max_size=3)
slips = st.lists(
    st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 20), characters),
    min_size=1,
    max_size=3,
)
WRONG: list[Any] = [
    None, True, 0, -1, 1, 1e308, math.nan, math.inf, 10**400, "", "x", "{{ x }}", "${x}", "5%",
    "5m", "\ud800", "\x00", "a" * 1000, b"x", [], {}, [[]], {"a": 1}, {1: 2}, {None: 1},
    {"ratio": math.nan}, {"\ud800": 1},
]  # fmt: skip


def slipped(text: str, edits: list[tuple[float, int, str]]) -> str:
    """``text`` with stretches replaced, each at a share of its length."""
    for share, length, new in edits:
        at = int(share * len(text))
        text = text[:at] + new + text[at + length :]
    return text


@settings(max_examples=60, deadline=None)
@given(slips)
def test_a_slip_in_a_text_has_a_line_or_does_no_harm(edits: list[tuple[float, int, str]]) -> None:
    try:
        analysis = load_analysis(slipped(WHOLE, edits))
    except SpecError as error:
        issues = error.issues
    else:
        issues = ()
        assert from_document(json.loads(json.dumps(to_document(analysis)))) == analysis
    assert all(issue.line > 0 and issue.column > 0 and issue.message for issue in issues)


@settings(max_examples=40, deadline=None)
@given(slips, st.sampled_from(sorted(shipped_templates())))
def test_a_slip_in_a_template_has_a_line_or_does_no_harm(
    edits: list[tuple[float, int, str]], name: str
) -> None:
    try:
        template_from_text(slipped(shipped_templates()[name].text, edits), source="a.yaml")
        issues: tuple[Any, ...] = ()
    except SpecError as error:
        issues = error.issues
    assert all(issue.line > 0 and issue.message for issue in issues)


DOCUMENT = json.loads(json.dumps(YAML(typ="safe").load(WHOLE)))
RESOLVED = to_document(load_analysis(WHOLE))


def paths(value: Any, path: Path = ()) -> Iterator[Path]:
    """Every place of a document but the whole of it."""
    inner = value.items() if isinstance(value, dict) else enumerate(value)
    for name, one in inner:
        yield (*path, name)
        if isinstance(one, dict | list):
            yield from paths(one, (*path, name))


@pytest.mark.parametrize(
    ("document", "read"),
    [(DOCUMENT, load_analysis_document), (RESOLVED, from_document)],
    ids=["written", "stored"],
)
@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_a_wrong_value_anywhere_is_refused_or_does_no_harm(
    document: dict[str, Any], read: Callable[[Any], ResolvedAnalysis], data: st.DataObject
) -> None:
    changed = copy.deepcopy(document)
    *parents, last = data.draw(st.sampled_from(list(paths(document))))
    inner = changed
    for part in parents:
        inner = inner[part]
    inner[last] = data.draw(st.sampled_from(WRONG))
    told = ""
    try:
        analysis = read(changed)
    except SpecError as error:
        told = str(error)
    else:
        stored = json.loads(json.dumps(to_document(analysis), allow_nan=False))
        assert from_document(stored) == analysis
    assert told.encode("utf-8").decode("utf-8") == told
