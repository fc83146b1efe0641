from __future__ import annotations

import re
import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from judge.spec.go_template import GoTemplateError, SymbolError, Value, render, uses

PODINFO = {
    "name": "podinfo",
    "namespace": "test",
    "target": "podinfo",
    "service": "podinfo-svc",
    "ingress": "podinfo-ing",
    "route": "podinfo-rt",
    "interval": "1m",
}
VARIABLES = {"a-b": "dash", "direction": "inbound", "empty": "", "re": '.*"x"\\d'}
VALUES: dict[str, Value] = {**PODINFO, "variables": VARIABLES}


@pytest.mark.parametrize(
    ("template", "rendered"),
    [
        (
            "{{ name }}|{{ namespace }}|{{ target }}|{{ service }}|{{ ingress }}|{{ route }}",
            "podinfo|test|podinfo|podinfo-svc|podinfo-ing|podinfo-rt",
        ),
        (
            "{{ interval }}|{{ variables.direction }}",
            "1m|inbound",
        ),
        (
            'sum(rate(x{deployment="{{ target }}-primary"}[{{ interval }}]))',
            'sum(rate(x{deployment="podinfo-primary"}[1m]))',
        ),
        ('{{ index variables "a-b" }}', "dash"),
        ("{{ variables }}", 'map[a-b:dash direction:inbound empty: re:.*"x"\\d]'),
        ('{{ if eq namespace "test" }}T{{ else }}P{{ end }}', "T"),
        (
            '{{- $r := printf "%s_%s" namespace target -}} x{route="{{ $r }}"}',
            'x{route="test_podinfo"}',
        ),
        ("{{ with variables.direction }}{{ . }}{{ end }}", "inbound"),
        ('{{ "a b" | urlquery }}', "a+b"),
        ('{{ len variables }} {{ and (eq target "podinfo") (ne namespace "prod") }}', "4 true"),
        ("a{{/* c */}}b", "ab"),
        ('{{ "{{" }} x }}', "{{ x }}"),
        ("{{ (variables).direction }}", "inbound"),
    ],
)
def test_what_flagger_was_seen_to_render(template: str, rendered: str) -> None:
    assert render(template, VALUES) == rendered


@pytest.mark.parametrize(
    ("template", "column", "said"),
    [
        ("{{ variables.nokey }}", 4, "the variable nokey is not set (set: a-b, direction"),
        ("{{ variables.a-b }}", 15, "'-' cannot stand here in an action"),
        ("{{ .Values.x }}", 4, ".Values is asked of a value of the type nil"),
        ("{{ canary }}", 4, "there is no function canary; there are and, call, eq"),
        ('x{a="{{ namespace }"}', 19, "'}' cannot stand here in an action"),
        ("{{ lower target }}", 4, "there is no function lower"),
    ],
)
def test_what_flagger_was_seen_to_refuse(template: str, column: int, said: str) -> None:
    with pytest.raises(GoTemplateError) as caught:
        render(template, VALUES)
    assert (caught.value.line, caught.value.column) == (1, column)
    assert said in caught.value.message


def test_a_mapping_without_variables_has_no_field() -> None:
    with pytest.raises(GoTemplateError, match="direction is not set"):
        render("{{ variables.direction }}", {**VALUES, "variables": {}})


def test_an_alternative_to_with() -> None:
    text = "{{ with variables.empty }}a{{ else with target }}b{{ . }}{{ else }}c{{ end }}"
    assert render(text, VALUES) == "bpodinfo"


def test_a_fault_has_its_place_and_source() -> None:
    with pytest.raises(GoTemplateError) as caught:
        render("sum(\n  x{{ nope }}\n)", VALUES, source="rate.yaml")
    error = caught.value
    assert (error.line, error.column, error.offset) == (2, 7, 11)
    assert str(error).startswith("rate.yaml:2:7: there is no function nope")


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ('{{ printf "%d" target }}', "%d is given a value of the type string"),
        ('{{ printf "%s" }}', "nothing is given for %s"),
        ('{{ printf "x" target }}', "no verb for the last 1"),
        ('{{ printf "%T" target }}', "'%T' is not supported; use %s"),
        ('{{ printf "%5000s" target }}', "too wide"),
        ("{{ . }}", "nil is printed"),
        ('{{ define "x" }}{{ end }}', "define is not supported"),
        ("{{ call target }}", "call is not supported"),
        ("{{ range target }}{{ end }}", "range over a value of the type string"),
        ("{{ (($x := 1)) }}", "a variable is set by an action of its own"),
        ("{{ if true }}", "this if is never closed"),
        ("{{ break }}", "break stands outside of a range"),
    ],
)
def test_what_go_would_mark_or_judge_does_not_know_is_refused(template: str, said: str) -> None:
    with pytest.raises(GoTemplateError, match=re.escape(said)):
        render(template, VALUES)


LOOP = "{{ range variables }}"


@pytest.mark.parametrize(
    ("template", "said"),
    [
        (LOOP * 9 + "x" + "{{ end }}" * 9, "yields more than|takes more than"),
        ('{{ $x := "xxxxxxxx" }}' + "{{ $x = print $x $x }}" * 40, "yield more than 2000000"),
        ("{{ if true }}" * 60 + "{{ end }}" * 60, "blocks are nested"),
        ("{{ " + "(" * 60 + "target" + ")" * 60 + " }}", "parentheses are nested"),
        ("{{ if 0 }}" + "{{ else if 0 }}" * 60 + "{{ end }}", "blocks are nested"),
        (LOOP * 4 + "y" * 1200 + "{{ end }}" * 4, "yields more than 250000"),
    ],
)
def test_a_template_cannot_work_without_end(template: str, said: str) -> None:
    began = time.process_time()
    with pytest.raises(GoTemplateError, match=said):
        render(template, VALUES)
    assert time.process_time() - began < 2


PIECES = st.sampled_from(
    ["{{", "}}", "{{-", "-}}", " ", "\n", "target", "variables", ".x", "$x", ":=", "=", "|", "(",
     ")", '"', "`", "'", "\\", "%s", "printf", "if", "else", "end", "range", "with", "eq", "and",
     "1", "-", ".", ",", "/*", "*/", "é", "\ud800", "\0", "nil", "true"]
)  # fmt: skip


def outcome(text: str) -> str:
    """What becomes of a template in which there is no symbol."""
    try:
        render(text, VALUES)
    except SymbolError:
        return "blamed on a symbol"
    except GoTemplateError as error:
        return "refused" if 0 <= error.offset <= len(text) else "misplaced"
    return "rendered"


@given(st.lists(PIECES, max_size=25).map("".join))
@example('{{ "\ud800" }}')
def test_any_text_is_rendered_or_refused(text: str) -> None:
    assert outcome(text) in ("rendered", "refused")


@given(st.text().filter(lambda text: "{{" not in text))
def test_text_without_actions_is_itself(text: str) -> None:
    assert render(text, VALUES) == text


def test_what_a_template_names() -> None:
    text = (
        '{{ if variables.a }}{{ target }}{{ else }}{{ index variables "b-c" }}{{ end }}'
        '{{ with (variables).d }}{{ printf "%s" name | html }}{{ end }}{{ $x := interval }}'
    )
    found = uses(text, frozenset(VALUES))
    assert found == {"variables.a", "variables.b-c", "variables", "target", "name", "interval"}
    with pytest.raises(GoTemplateError, match="there is no function nope"):
        uses("{{ nope }}", frozenset(VALUES))
