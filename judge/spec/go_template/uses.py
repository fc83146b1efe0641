"""Which of its functions a template names, without evaluating it.

Owned here: `uses`. Not here: what they yield.
"""

from __future__ import annotations

from collections.abc import Iterator

from judge.spec.go_template.nodes import (
    Assign,
    Body,
    Branch,
    Chain,
    Command,
    Constant,
    Function,
    Node,
    Operand,
    Pipe,
    Print,
    Range,
)
from judge.spec.go_template.parser import parsed


def uses(text: str, known: frozenset[str], *, source: str = "") -> frozenset[str]:
    """Those of ``known`` that stand in ``text``, a field of one as ``variables.x``.

    ``index variables "x"`` counts as ``variables.x`` too. Raises `GoTemplateError`.
    """
    found = _of_body(parsed(text, known, source=source))
    return frozenset(name for name in found if name.partition(".")[0] in known)


def _of_body(body: Body) -> Iterator[str]:
    for node in body:
        yield from _of_node(node)


def _of_node(node: Node) -> Iterator[str]:
    if isinstance(node, Print | Assign | Branch | Range):
        yield from _of_pipe(node.pipe)
    if isinstance(node, Branch | Range):
        yield from _of_body(node.body)
        yield from _of_body(node.otherwise)


def _of_pipe(pipe: Pipe) -> Iterator[str]:
    for command in pipe.commands:
        yield from _of_command(command)


def _of_command(command: Command) -> Iterator[str]:
    match command.operands:
        case (Function("index"), Function(name), Constant(str() as key), *rest):
            yield f"{name}.{key}"
        case rest:
            pass
    for operand in rest:
        yield from _of_operand(operand)


def _of_operand(operand: Operand) -> Iterator[str]:
    if isinstance(operand, Function):
        yield operand.name
    elif isinstance(operand, Pipe):
        yield from _of_pipe(operand)
    elif isinstance(operand, Chain) and isinstance(operand.of, Function):
        yield f"{operand.of.name}.{operand.fields[0]}"
    elif isinstance(operand, Chain):
        yield from _of_operand(operand.of)
