"""Go's text/template, as far as Flagger's MetricTemplates need it.

Owned here: reading such a template and what it yields for given values. Promised: what comes out
is what Go would write; whatever is not known to come out so is refused with its line and column.
Work and output are bounded. Not here: which values there are (`judge.spec.flagger_template`).
Source: the language as https://pkg.go.dev/text/template documents it, held to Go by recorded
answers (tests/data/go-templates.json).
"""

from __future__ import annotations

from collections.abc import Mapping

from judge.spec.go_template.error import GoTemplateError, SymbolError
from judge.spec.go_template.evaluator import evaluated
from judge.spec.go_template.parser import parsed
from judge.spec.go_template.uses import uses
from judge.spec.go_template.values import Symbol, Symbols, Value

__all__ = ["GoTemplateError", "Symbol", "SymbolError", "Symbols", "Value", "render", "uses"]


def render(text: str, values: Mapping[str, Value], *, source: str = "") -> str:
    """What the template ``text`` yields; ``values`` are its functions of no argument, by name.

    The dot is nil, and a missing key of a mapping is an error, as Flagger has it. Raises
    `GoTemplateError`, which is a `SymbolError` where only a `Symbol` stands in the way.
    """
    return evaluated(parsed(text, frozenset(values), source=source), values, text, source=source)
