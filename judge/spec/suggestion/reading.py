"""What a template's queries read, as far as their text tells: names, labels, places to fill.

Owned here: the metric names and label matchers of queries whose places are filled, and which places
stand for a name or a label. Not here: what a service exports of it (`candidates`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from judge.spec import rendering
from judge.spec.metric_template import MetricTemplate
from judge.spec.promql import Matcher, PromqlError, parse_vector_selector, tokens

NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
_NAME_BEFORE_BRACE = re.compile(rf"({NAME.pattern})\s*\{{")
_NAME_LABEL = "__name__"
_OF_TRACK = "judge_track"  # stands for the labels that tell a track and its pods


def metric_names(template: MetricTemplate, variables: Mapping[str, str]) -> frozenset[str]:
    """The metric names that the queries read, ``variables`` put before the defaults."""
    values = {**template.defaults, **variables}
    found: set[str] = set()
    for query in template.queries.values():
        expr = query.expr
        for name in set(_places_before(expr, "{")) & values.keys():
            expr = re.sub(rf"\{{\{{[ \t]*{name}[ \t]*\}}\}}|\$\{{{name}\}}", values[name], expr)
        found |= set(_NAME_BEFORE_BRACE.findall(_without_texts(rendering.mask(expr))))
    return frozenset(found)


def name_place(template: MetricTemplate) -> str:
    """The only variable with a default that stands for a metric's name; "" where there is none."""
    places = {
        name
        for query in template.queries.values()
        for name in _places_before(query.expr, "{")
        if name in template.defaults
    }
    return places.pop() if len(places) == 1 else ""


def label_places(template: MetricTemplate) -> dict[str, str]:
    """The variables that stand for a label's name, and their defaults."""
    return {
        name: template.defaults[name]
        for query in template.queries.values()
        for name in _places_before(query.expr, "=", "!")
        if name in template.defaults
    }


def matchers(template: MetricTemplate, variables: Mapping[str, str]) -> list[Matcher]:
    """The matchers of the queries that are plain selectors, but for the track's and its pods'."""
    of_track = {rendering.SELECTOR: f'{_OF_TRACK}=""', "podLabel": _OF_TRACK}
    values = {**template.defaults, **variables, **of_track}
    found = []
    for query in template.queries.values():
        sample = {**dict.fromkeys(rendering.names(query.expr), "x"), **values}
        try:
            _, some = parse_vector_selector(rendering.render(query.expr, sample))
        except (PromqlError, rendering.RenderingError):
            continue
        found += [one for one in some if one.name not in (_OF_TRACK, _NAME_LABEL)]
    return found


def needs_label(matcher: Matcher) -> bool:
    """Whether only series with the matcher's label can match it."""
    if matcher.operator == "=":
        return bool(matcher.value)
    if matcher.operator != "=~":
        return False
    try:
        return re.fullmatch(matcher.value, "") is None
    except re.error:
        return False  # RE2's own syntax: the server will say what it finds


def _places_before(expr: str, *following: str) -> list[str]:
    """The variables in ``expr`` whose place is followed by one of some characters."""
    return [
        place.name
        for place in rendering.places(expr)
        if expr[place.end :].lstrip().startswith(following)
    ]


def _without_texts(expr: str) -> str:
    """``expr`` with blanks in place of strings and comments."""
    for token in tokens(expr):
        if token.kind in ("string", "comment"):
            blank = " " * (token.end - token.start)
            expr = expr[: token.start] + blank + expr[token.end :]
    return expr
