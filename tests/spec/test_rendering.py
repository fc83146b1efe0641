from __future__ import annotations

import re

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from judge.spec.promql import parse_vector_selector, unquote
from judge.spec.rendering import RenderingError, mask, names, places, render, render_plain

values = st.text(alphabet=st.characters(exclude_categories=("Cs",)), max_size=30)


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ('up{a="{{ app }}"}', 'up{a="shop"}'),
        ('up{a="{{app}}"}', 'up{a="shop"}'),
        ('up{a="${app}"}', 'up{a="shop"}'),
        ('up{a="{{ metadata.name }}"}', 'up{a="checkout"}'),
        ("up{{{ selector }}}", 'up{track="x"}'),
        ("up{ {{ selector }}, b='1' }", "up{ track=\"x\", b='1' }"),
        ("{{ app }}_total[{{ range }}]", "shop_total[5m]"),
        ('up{a=~"^{{ app }}$"}', 'up{a=~"^shop$"}'),
        ("up{a=~`[0-9]{2}{{ app }}`}", "up{a=~`[0-9]{2}shop`}"),
        ('up{a="{{ app }}"} # {{ app }}\'s', 'up{a="shop"} # shop\'s'),
        ("no place", "no place"),
    ],
)
def test_places_are_filled(text: str, result: str) -> None:
    variables = {
        "app": "shop",
        "metadata.name": "checkout",
        "selector": 'track="x",',
        "range": "5m",
    }
    assert render(text, variables) == result


@given(value=values, quote=st.sampled_from("\"'`"), before=st.sampled_from(["", "a", r"\\"]))
def test_a_value_in_a_string_parses_back_and_never_leaves_it(
    value: str, quote: str, before: str
) -> None:
    assume(quote != "`" or "`" not in value)
    rendered = render(f"up{{a={quote}{before}{{{{ v }}}}{quote},b='c'}}", {"v": value})
    name, matchers = parse_vector_selector(rendered)
    prefix = before if quote == "`" else before.replace(r"\\", "\\")
    assert name == "up"
    assert [(one.name, one.value) for one in matchers] == [("a", prefix + value), ("b", "c")]


@given(value=values)
def test_outside_of_a_string_only_a_word_can_stand(value: str) -> None:
    if re.fullmatch(r"[\w:.+-]+", value, re.ASCII):
        return
    with pytest.raises(RenderingError) as wrong:
        render("up + {{ v }}", {"v": value})
    assert (wrong.value.offset, wrong.value.name) == (5, "v")


@pytest.mark.parametrize(
    "value", ["http_requests_total", "job:x:rate5m", "5", "-0.5", "1e3", "5m", "1h30m", "500ms"]
)
def test_words_numbers_and_durations_can_stand_anywhere(value: str) -> None:
    assert render("a{{ v }}", {"v": value}) == f"a{value}"


@pytest.mark.parametrize(
    "value",
    ["", " ", "a b", "a)", "up or up", 'a"', "5m5m", "a-b", "a\n", "a,b", "{a}", "5mm"],
)
def test_what_would_change_the_query_is_refused_outside_of_strings(value: str) -> None:
    with pytest.raises(RenderingError, match="would change the query"):
        render("{{ v }}", {"v": value})


def test_a_backtick_cannot_stand_in_backticks() -> None:
    with pytest.raises(RenderingError, match="put the string in double quotes"):
        render("up{a=`{{ v }}`}", {"v": "a`b"})


def test_half_a_character_cannot_stand_anywhere() -> None:
    with pytest.raises(RenderingError, match="lone surrogate"):
        render('up{a="{{ v }}"}', {"v": "\ud800"})


@pytest.mark.parametrize(
    ("value", "around", "told"),
    [
        ('a="b"} or up{c="d"', "up{{{ selector }}}", "no list of label matchers"),
        ("", "up{{{ selector }}}", "no list of label matchers"),
        ('a="b" #', "up{{{ selector }}}", "cannot hold a comment"),
        ('a="b"', "up + {{ selector }}", "write it between braces"),
        ('a="b"', "sum({{ selector }})", "write it between braces"),
    ],
)
def test_a_selector_stays_a_list_of_matchers_in_its_braces(
    value: str, around: str, told: str
) -> None:
    with pytest.raises(RenderingError, match=told):
        render(around, {"selector": value})


def test_an_unknown_name_is_told_with_the_known_ones() -> None:
    with pytest.raises(RenderingError) as wrong:
        render('up{a="{{ nmae }}"}', {"name": "x", "other": "y"})
    assert str(wrong.value) == (
        "the variable nmae has no value; set it under variables "
        "(known: name, other; did you mean name?)"
    )
    assert wrong.value.offset == 6


@pytest.mark.parametrize(
    ("text", "offset"),
    [
        ("[0-9]{{2}}", 5),
        ("{{ name | upper }}", 0),
        ("{% if x %}{{ a b }}", 10),
        ("a ${a.b}", 2),
        ("a ${", 2),
        ("{{ .name }}", 0),
        ("{{ name. }}", 0),
        ("{{\nname }}", 0),
        ("{{ name }} {{", 11),
        ("{{ näme }}", 0),
    ],
)
def test_no_other_syntax_is_accepted(text: str, offset: int) -> None:
    with pytest.raises(RenderingError, match=r"opens no variable") as wrong:
        places(text)
    assert wrong.value.offset == offset


def test_a_value_is_not_searched_for_places() -> None:
    assert render_plain("{{ a }}", {"a": "{{ b }}", "b": "x"}) == "{{ b }}"
    assert render('up{a="{{ a }}"}', {"a": "${b}"}) == 'up{a="${b}"}'


def test_names_and_mask_see_every_place_where_it_is() -> None:
    text = "up{a='{{ x }}'} + ${y}"
    assert names(text) == {"x", "y"}
    assert mask(text) == "up{a='xxxxxxx'} + xxxx"
    assert unquote(mask(text)[5:14]) == "xxxxxxx"
