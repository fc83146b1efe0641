"""Selectors taken apart, narrowed, and written again."""

from __future__ import annotations

import math

import pytest

from judge.sources.selectors import quoted, selector, upper_bound
from judge.spec.promql import parse_vector_selector


@pytest.mark.parametrize(
    ("expr", "written"),
    [
        ("up", "up{}"),
        (" up { a = \"b\" , c!~'d' } ", 'up{a="b",c!~"d"}'),
        ('{__name__="up",a=`b\\c"d`}', '{__name__="up",a="b\\\\c\\"d"}'),
    ],
)
def test_a_plain_selector_is_written_again(expr: str, written: str) -> None:
    assert str(selector(expr)) == written


@pytest.mark.parametrize(
    "expr", ["a + b", "sum by (pod) (up)", "up offset 5m", "up[5m]", "up or down", ""]
)
def test_more_than_a_selector_is_none(expr: str) -> None:
    assert selector(expr) is None


def test_pods_are_matched_literally() -> None:
    chosen = selector('up{job="x"}')
    assert chosen is not None
    narrowed = str(chosen.among("pod", ["web-1.a", "a|b", 'q"', "plain-2"]))
    assert narrowed == ('up{job="x",pod=~"a\\\\|b|plain-2|q\\"|web-1\\\\.a"}')
    _, matchers = parse_vector_selector(narrowed)
    assert matchers[-1].value == 'a\\|b|plain-2|q"|web-1\\.a'


def test_a_series_is_selected_by_all_of_its_labels() -> None:
    chosen = selector("up")
    assert chosen is not None
    assert str(chosen.exactly({"b": "2", "a": "1"})) == 'up{a="1",b="2"}'


@pytest.mark.parametrize(
    ("expr", "one"),
    [
        ("up", True),
        ('{__name__="up"}', True),
        ('{__name__=~"up|down"}', False),
        ('{job="x"}', False),
    ],
)
def test_it_is_known_whether_one_name_is_selected(expr: str, one: bool) -> None:
    chosen = selector(expr)
    assert chosen is not None
    assert chosen.one_name is one


def test_a_string_is_quoted() -> None:
    assert quoted('a\\b"c\nd') == '"a\\\\b\\"c\\nd"'


def test_a_label_that_is_not_there_is_the_empty_one() -> None:
    chosen = selector('up{job="x"}')
    assert str(chosen and chosen.where("le", "")) == 'up{job="x",le=""}'


@pytest.mark.parametrize(
    ("text", "bound"), [("0.1", 0.1), ("1e-3", 0.001), ("+Inf", math.inf), ("-1", -1.0)]
)
def test_a_bound_is_a_number(text: str, bound: float) -> None:
    assert upper_bound(text) == bound


@pytest.mark.parametrize("text", [None, "", "much", "NaN", "-Inf"])
def test_what_tells_no_bound_is_nan(text: str | None) -> None:
    assert math.isnan(upper_bound(text))
