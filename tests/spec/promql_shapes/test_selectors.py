from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from judge.spec.promql import Matcher, parse_vector_selector
from judge.spec.promql_shapes import Ratio, shape_of
from judge.spec.promql_shapes.selectors import Selector

TEXTS = st.text(st.characters(codec="utf-8"), max_size=8)
MATCHERS = st.builds(
    Matcher, st.sampled_from(["a", "b_c", "le"]), st.sampled_from(["=", "!=", "=~", "!~"]), TEXTS
)
SELECTORS = st.builds(
    Selector.of, st.sampled_from(["x_total", "job:x:rate"]), st.lists(MATCHERS, max_size=4)
)


@given(SELECTORS)
def test_what_is_written_selects_what_was_read(selector: Selector) -> None:
    name, matchers = parse_vector_selector(selector.text)
    assert Selector.of(name, matchers) == selector


@given(SELECTORS, MATCHERS)
def test_what_a_matcher_leaves_out_has_it_turned_round(
    selector: Selector, matcher: Matcher
) -> None:
    more = Selector.of(selector.name, [*selector.without(matcher.name).order, matcher])
    turned = more.flipped(matcher)
    (other,) = turned.matchers - more.matchers
    assert (other.name, other.value) == (matcher.name, matcher.value)
    assert {other.operator, matcher.operator} in ({"=", "!="}, {"=~", "!~"})
    assert turned.flipped(other) == more


@given(st.sampled_from(["=", "!=", "=~", "!~"]), TEXTS.filter(lambda text: "{" not in text))
def test_a_value_comes_through_a_query_as_it_was(operator: str, value: str) -> None:
    plain = Selector.of("x_total", [])
    more = Selector.of("x_total", [Matcher("a", operator, value)])
    shape = shape_of(f"sum(rate({more.text}[1m])) / sum(rate({plain.text}[1m]))")
    assert isinstance(shape, Ratio)
    assert shape.events == more.text
