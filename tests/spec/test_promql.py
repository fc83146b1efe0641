from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from judge.spec.promql import (
    Matcher,
    PromqlError,
    check_brackets,
    parse_matchers,
    parse_vector_selector,
    unquote,
)


@pytest.mark.parametrize(
    "text",
    [
        'sum by (pod) (rate(http_requests_total{code=~"5..",path="/a(b"}[5m]))',
        'up # a comment with ) and " in it\n + 1',
        "up{a='it is \"quoted\"'}",
        r'up{a="a \"quoted\" \\ word\n"}',
        r"up{a=`a \ raw ' string`}",
        'up{a="#"}',
        "",
    ],
)
def test_whole_queries_pass(text: str) -> None:
    check_brackets(text)


@pytest.mark.parametrize(
    ("text", "offset", "told"),
    [
        ("sum(up", 3, "this ( is never closed; add its )"),
        ("up)", 2, "this ) closes nothing; remove it"),
        ('up{a="b")', 8, "this ) cannot close the { at character 3; write } first"),
        ('up{a="b}', 5, 'this " opens a string that is never closed'),
        ("up{a='b\n'}", 5, "this ' opens a string that is never closed"),
        ("up{a=`b}", 5, "this ` opens a string that is never closed"),
        (r'up{a=~"a\.b"}', 8, r"\. is no escape in a PromQL string; write \\."),
        (r"""up{a="\'"}""", 6, "is no escape"),
        ('up{a="\\', 6, "is no escape"),
        ("rate(up[5m)", 10, "write ] first"),
    ],
)
def test_the_culprit_is_named_with_its_place(text: str, offset: int, told: str) -> None:
    with pytest.raises(PromqlError) as wrong:
        check_brackets(text)
    assert told in str(wrong.value)
    assert wrong.value.offset == offset


@given(st.text(alphabet="(){}[]\"'`\\#\nax=", max_size=20))
def test_any_text_is_either_whole_or_refused_at_a_place_in_it(text: str) -> None:
    try:
        check_brackets(text)
        offset = 0
    except PromqlError as error:
        offset = error.offset
    assert 0 <= offset <= max(0, len(text) - 1)


def test_matchers_are_read_with_what_their_strings_stand_for() -> None:
    text = r"""app = "a\"b\x41\u00e9\101", track!='x', code=~`5\d.`, path !~ "/\\d+" ,"""
    assert parse_matchers(text) == (
        Matcher("app", "=", 'a"bAéA'),
        Matcher("track", "!=", "x"),
        Matcher("code", "=~", r"5\d."),
        Matcher("path", "!~", r"/\d+"),
    )


@pytest.mark.parametrize(
    ("text", "offset", "told"),
    [
        ("", 0, "a list of label matchers is needed"),
        ('{app="x"}', 0, "expected a label name"),
        ("app=x", 4, 'the value of app needs quotes: app="..."'),
        ('app:"x"', 3, "expected =, !=, =~ or !~ behind the label app"),
        ('app="x" track="y"', 8, "expected a comma between two matchers"),
        ('app="x"} or up{a="b"', 7, "expected a comma"),
        ('app="x",,', 8, "expected a label name"),
        ('1app="x"', 0, "expected a label name"),
        ('app="x" # and so on', 8, "cannot hold a comment"),
        ('app="x', 4, "never closed"),
    ],
)
def test_what_is_no_list_of_matchers_is_refused(text: str, offset: int, told: str) -> None:
    with pytest.raises(PromqlError) as wrong:
        parse_matchers(text)
    assert told in str(wrong.value)
    assert wrong.value.offset == offset


@pytest.mark.parametrize(
    ("text", "name", "labels"),
    [
        ("up", "up", []),
        (" job:errors:rate5m { } ", "job:errors:rate5m", []),
        ('{__name__=~"a|b"}', "", ["__name__"]),
        ('up{ a="1", b!="2", }', "up", ["a", "b"]),
        ('up { a="1" } # why', "up", ["a"]),
    ],
)
def test_plain_selectors_are_taken_apart(text: str, name: str, labels: list[str]) -> None:
    found, matchers = parse_vector_selector(text)
    assert found == name
    assert [matcher.name for matcher in matchers] == labels


@pytest.mark.parametrize(
    "text",
    ["", "{}", "rate(up[5m])", "up[5m]", "up offset 5m", "up + up", 'up{a="1"', "sum(up)", "1"],
)
def test_what_is_more_than_a_plain_selector_is_refused(text: str) -> None:
    with pytest.raises(PromqlError):
        parse_vector_selector(text)


@pytest.mark.parametrize("literal", ["", "a", '"a', '"a"b', '"'])
def test_only_a_whole_string_is_unquoted(literal: str) -> None:
    with pytest.raises(PromqlError):
        unquote(literal)
