"""Kayenta's templates: its own cases, and the rules of the substitution that it uses."""

from __future__ import annotations

import pytest

from judge.dialects.kayenta.config import CanaryConfig, QueryConfig
from judge.dialects.kayenta.queries import query_of
from judge.dialects.kayenta.scopes import Scope
from judge.dialects.kayenta.templates import Place, TemplateError, expand, places
from judge.errors import SpecError
from tests.kayenta_cases import Case, parametrized

VALUES = {"scope": "checkout-canary", "p1": "v1", "p2": "v2", "inner": "<${p1}>", "empty": ""}


@parametrized("template")
def test_kayentas_own_cases(case: Case) -> None:
    template, expected = case["template"], case["expected"]
    if template is None:
        # Without a template there are no filters: it is then the type of resource that says them.
        with pytest.raises(SpecError, match="resourceType"):
            query_of(CanaryConfig(), QueryConfig.model_validate({"metricName": "m"}), Scope("app"))
    elif "error" in expected:
        with pytest.raises(TemplateError, match="unknown-param has no value"):
            expand(template, case["params"])
    else:
        assert expand(template, case["params"]) == expected["value"]


@pytest.mark.parametrize(
    ("template", "expanded"),
    [
        ("app='${scope}'", "app='checkout-canary'"),
        ("app='$\\{scope}'", "app='checkout-canary'"),
        ("${nothing:-5xx} ${p1:-unused}", "5xx v1"),
        ("${nothing:-${p1}}", "${p1}"),
        ("${nothing:-}", ""),
        ("[${empty}]", "[]"),
        ("${inner}", "<v1>"),
        ("$${p1} and $$${p1}", "${p1} and $${p1}"),
        ("${p1", "${p1"),
        ("a $ b {c} {{p1}}", "a $ b {c} {{p1}}"),
        ("rate(x[${p1}m])\n+ ${p2}", "rate(x[v1m])\n+ v2"),
    ],
)
def test_a_place_is_filled_as_kayenta_fills_it(template: str, expanded: str) -> None:
    assert expand(template, VALUES) == expanded


def test_an_escaped_place_in_a_value_is_no_place() -> None:
    assert expand("${a}", {"a": "$\\{b}", "b": "c"}) == "$\\{b}"


@pytest.mark.parametrize("template", ["${scpe}", "${}", "${a ${scope}}", "${scope }"])
def test_a_place_without_a_value_is_an_error_that_names_it(template: str) -> None:
    with pytest.raises(TemplateError) as raised:
        expand(template, VALUES)
    assert raised.value.name == template[2 : template.index("}")]
    assert "extendedScopeParams" in str(raised.value)


def test_a_misspelt_place_is_told_the_nearest_name() -> None:
    with pytest.raises(TemplateError, match="did you mean scope"):
        expand("${scpe}", VALUES)


def test_values_in_a_circle_are_an_error_that_shows_it() -> None:
    with pytest.raises(TemplateError, match="b -> c -> b") as raised:
        expand("${a}", {"a": "${b}", "b": "${c}", "c": "${b}"})
    assert raised.value.name == "b"


def test_places_are_told_with_their_defaults() -> None:
    assert places("${a} $\\{b:-1} $${c}") == (Place("${a}", "a"), Place("${b:-1}", "b", "1"))
