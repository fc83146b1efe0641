"""Texts that are only known later: printed, never looked into."""

from __future__ import annotations

import pytest

from judge.spec.go_template import GoTemplateError, Symbol, SymbolError, Symbols, Value, render

VALUES: dict[str, Value] = {
    "target": Symbol("{{ target }}"),
    "namespace": "test",
    "variables": Symbols(
        field=lambda key: Symbol(f"<{key}>"), item=lambda key: Symbol(f"<{key}?>")
    ),
}


@pytest.mark.parametrize(
    ("template", "rendered"),
    [
        ("{{ target }}", "{{ target }}"),
        ('{{ printf "%s-primary" target }}', "{{ target }}-primary"),
        ('{{ printf "%v/%s" namespace target }}', "test/{{ target }}"),
        ('{{ target | printf "%s.%s" "a" | print }}', "a.{{ target }}"),
        ("{{ $x := print target 1 }}{{ $x }}", "{{ target }}1"),
        ("{{ println target namespace }}", "{{ target }} test\n"),
        ("{{ variables.x }}", "<x>"),
        ('{{ index variables "a-b" }}', "<a-b?>"),
        ('{{ if eq namespace "test" }}{{ target }}{{ end }}', "{{ target }}"),
        ('{{ or "" target }}{{ and true target }}', "{{ target }}{{ target }}"),
        ("{{ $v := variables }}{{ $v.x }}", "<x>"),
    ],
)
def test_a_symbol_is_printed(template: str, rendered: str) -> None:
    assert render(template, VALUES) == rendered


@pytest.mark.parametrize(
    "asked",
    [
        'eq target "podinfo"',
        'eq "podinfo" target',
        "lt target namespace",
        "len target",
        "not target",
        "or target namespace",
        'eq (printf "%s-x" target) "podinfo-x"',
        'eq (print target) "podinfo"',
        "slice target 0 3",
        'printf "%q" target',
        'printf "%5s" target',
        'printf "%.2s" target',
        "printf target",
        "html target",
        "urlquery target",
        "js target",
        "variables",
        "len variables",
        'eq variables.x "y"',
        'eq (index variables "x") ""',
        "index variables target",
        "print variables",
    ],
)
def test_nothing_can_be_asked_of_a_symbol(asked: str) -> None:
    with pytest.raises(SymbolError) as caught:
        render(f"\n {{{{ {asked} }}}}", VALUES)
    assert caught.value.line == 2


@pytest.mark.parametrize(
    "block", ["if target", "with target", "range variables", "if variables", "with variables.x"]
)
def test_no_block_hangs_on_a_symbol(block: str) -> None:
    with pytest.raises(SymbolError):
        render(f"{{{{ {block} }}}}x{{{{ end }}}}", VALUES)


def test_other_mistakes_are_not_the_symbols() -> None:
    for text in ('{{ printf "%d" target }}', "{{ target.x }}", "{{ nope }}"):
        with pytest.raises(GoTemplateError) as caught:
            render(text, VALUES)
        assert not isinstance(caught.value, SymbolError), text


def test_a_mapping_of_symbols_can_be_gone_through() -> None:
    values: dict[str, Value] = {"variables": {"b": Symbol("{{ b }}"), "a": "x"}}
    assert render("{{ range $k, $v := variables }}{{ $k }}={{ $v }},{{ end }}", values) == (
        "a=x,b={{ b }},"
    )
    with pytest.raises(SymbolError):
        render("{{ eq (print variables) `x` }}", values)
