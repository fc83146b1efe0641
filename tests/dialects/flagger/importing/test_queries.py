"""Flagger's queries with places for what tells the two sides apart."""

from __future__ import annotations

import pytest

from judge.dialects.flagger.importing.queries import (
    Names,
    NotWritable,
    matches_primary,
    rendered,
)
from judge.spec.go_template import GoTemplateError

NAMES = Names("cart", "shop", "checkout", "front", "edge", "way")


def of(template: str) -> tuple[str, set[str], str]:
    found = rendered(template, NAMES, interval="2m", variables={"code": "5.."})
    return found.text, set(found.uses), found.remark


@pytest.mark.parametrize(
    ("template", "text", "uses"),
    [
        ('m{a="{{ target }}"}[{{ interval }}]', 'm{a="{{ target }}"}[2m]', {"target"}),
        (
            "{{ name }} {{ service }} {{ ingress }} {{ route }} {{ variables.code }}",
            "cart front edge way 5..",
            set(),
        ),
        ("a\n  {{ target }}-\t[0-9]+ ", "a {{ target }}- [0-9]+", {"target"}),
        (
            'm{a=~"{{ namespace }}_{{ service }}-canary_.+"}',
            'm{a=~"shop_front-{{ role }}_.+"}',
            {"role"},
        ),
        ('m{a="{{ target }}-canary"}', 'm{a="checkout-{{ role }}"}', {"role"}),
        (
            'm{a=~"{{ target }}-canaryupstream-x",b="{{ target }}"}',
            'm{a=~"checkout-{{ role }}upstream-x",b="{{ target }}"}',
            {"role", "target"},
        ),
        ('m{a="{{ target }}-canaryfish"}', 'm{a="{{ target }}-canaryfish"}', {"target"}),
        ('{{ printf "%s_%s" namespace target }}', "shop_{{ target }}", {"target"}),
    ],
)
def test_names_of_a_side_become_places(template: str, text: str, uses: set[str]) -> None:
    assert of(template) == (text, uses, "")


def test_a_query_that_names_the_primary_is_the_canarys_alone() -> None:
    text, uses, remark = of('m{a="{{ target }}"} / m{a="{{ target }}-primary"}')
    assert text == 'm{a="checkout"} / m{a="checkout-primary"}'
    assert (uses, remark) == (set(), "names the primary itself")


def test_a_template_that_asks_what_the_target_is_is_rendered_for_both() -> None:
    asking = '{{ if eq target "x" }}a{{ else }}m{a="{{ target }}"}{{ end }}'
    assert of(asking) == ('m{a="{{ target }}"}', {"target"}, "")
    telling = '{{ if eq target "checkout" }}m{a="checkout"}{{ else }}n{{ end }}'
    assert of(telling) == ('m{a="checkout"}', set(), "asks what the target is called")


@pytest.mark.parametrize("template", ["{{ nobody }}", "{{ variables.none }}", "{{ if }}", "{{"])
def test_what_go_refuses_is_refused(template: str) -> None:
    with pytest.raises(GoTemplateError):
        of(template)


def test_what_an_analysis_would_take_for_a_variable_is_refused() -> None:
    with pytest.raises(NotWritable, match=r"holds \$\{"):
        of('m{a="${x}"}')


@pytest.mark.parametrize(
    ("pattern", "matched"),
    [
        ("{{ target }}.*", True),
        ("{{ target }}-.+", True),
        ("{{ target }}-[0-9a-zA-Z]+(-[0-9a-zA-Z]+)", False),
        ("{{ target }}", False),
        ("{{ target }}-[", False),
    ],
)
def test_an_open_end_is_found(pattern: str, matched: bool) -> None:
    assert matches_primary(f'm{{pod=~"{pattern}"}}', NAMES) is matched
