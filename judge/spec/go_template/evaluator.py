"""What a template's nodes yield.

Owned here: scopes of variables, the dot, blocks and calls. Promised: a fault is placed at the
operand that it is about; work, output and the texts on the way are bounded. Not here: what a
builtin function does (`functions`).
"""

from __future__ import annotations

from collections.abc import Mapping

from judge.spec.go_template.error import Fault, placed
from judge.spec.go_template.functions import BUILTINS
from judge.spec.go_template.nodes import (
    Assign,
    Body,
    Branch,
    Chain,
    Command,
    Constant,
    Dot,
    Function,
    Jump,
    Node,
    Operand,
    Pipe,
    Print,
    Range,
    Text,
    Variable,
)
from judge.spec.go_template.values import (
    Any,
    Symbol,
    Symbols,
    Value,
    encoded,
    printed,
    truth,
    type_name,
    unknown,
)

MOST_STEPS = 50_000
LARGEST_OUTPUT = 250_000
MOST_CHARACTERS = 2_000_000

_NOTHING: tuple[Any, ...] = ()


class _Jumped(Exception):
    """A break or continue, on its way to its range."""

    def __init__(self, leaves: bool) -> None:
        self.leaves = leaves
        super().__init__()


def evaluated(body: Body, values: Mapping[str, Value], text: str, *, source: str = "") -> str:
    """The output of ``body``, the nodes of ``text``. Raises `GoTemplateError`."""
    run = _Run(values)
    try:
        run.body(body, None)
    except Fault as fault:
        raise placed(fault, text, source) from fault
    return "".join(run.output)


class _Run:
    """One evaluation: its output, its variables, and how much it has done."""

    def __init__(self, values: Mapping[str, Value]) -> None:
        self.values = values
        self.output: list[str] = []
        self.written = 0
        self.variables: list[tuple[str, Any]] = [("$", None)]
        self.steps = 0
        self.characters = 0

    def body(self, body: Body, dot: Any) -> None:
        for node in body:
            self.node(node, dot)

    def node(self, node: Node, dot: Any) -> None:
        if isinstance(node, Text):
            self.write(node.text)
        elif isinstance(node, Print):
            self.print(node.pipe, dot)
        elif isinstance(node, Assign):
            self.assign(node, dot)
        elif isinstance(node, Branch):
            self.branch(node, dot)
        elif isinstance(node, Range):
            self.range(node, dot)
        elif isinstance(node, Jump):
            self.step(node.start)
            raise _Jumped(node.leaves)

    def step(self, start: int) -> None:
        self.steps += 1
        if self.steps > MOST_STEPS:
            raise Fault(f"the template takes more than {MOST_STEPS} steps", start)

    def write(self, text: str, start: int | None = None) -> None:
        self.written += len(text)
        if self.written > LARGEST_OUTPUT:
            raise Fault(f"the template yields more than {LARGEST_OUTPUT} characters", start)
        encoded(text)
        self.output.append(text)

    def print(self, pipe: Pipe, dot: Any) -> None:
        value = self.pipe(pipe, dot)
        if value is None:
            raise Fault("nil is printed", pipe.start)
        try:
            text = printed(value)
        except Fault as fault:
            raise _at(fault, pipe.start) from fault
        self.write(text, pipe.start)

    def assign(self, node: Assign, dot: Any) -> None:
        value = self.pipe(node.pipe, dot)
        if node.new:
            self.variables.append((node.name, value))
            return
        self.variables[self.place(node.name, node.start)] = (node.name, value)

    def place(self, name: str, start: int) -> int:
        """Where the variable lies; the one set last goes before."""
        for i in range(len(self.variables) - 1, -1, -1):
            if self.variables[i][0] == name:
                return i
        raise Fault(f"the variable {name} has no value here", start)

    def branch(self, node: Branch, dot: Any) -> None:
        outside = len(self.variables)
        value = self.pipe(node.pipe, dot)
        if node.name:
            self.variables.append((node.name, value))
        try:
            holds = truth(value)
        except Fault as fault:
            raise _at(fault, node.pipe.start) from fault
        chosen = node.body if holds else node.otherwise
        self.body(chosen, value if holds and node.sets_dot else dot)
        del self.variables[outside:]

    def range(self, node: Range, dot: Any) -> None:
        outside = len(self.variables)
        value = self.pipe(node.pipe, dot)
        if isinstance(value, Symbol | Symbols):
            raise _at(unknown("a range is made"), node.pipe.start)
        if not isinstance(value, Mapping):
            kind = type_name(value)
            raise Fault(f"range over a value of the type {kind}; only variables", node.pipe.start)
        if not value:
            self.variables += [(name, value) for name in node.names]
            self.body(node.otherwise, dot)
        for key in sorted(value):
            self.step(node.start)
            pairs = zip(node.names, (key, value[key])[-len(node.names) :], strict=True)
            self.variables += pairs if node.names else ()
            try:
                self.body(node.body, value[key])
            except _Jumped as jump:
                if jump.leaves:
                    break
            finally:
                del self.variables[outside:]
        del self.variables[outside:]

    def pipe(self, pipe: Pipe, dot: Any) -> Any:
        last = _NOTHING
        for command in pipe.commands:
            last = (self.command(command, dot, last),)
        return last[0]

    def command(self, command: Command, dot: Any, last: tuple[Any, ...]) -> Any:
        first, *rest = command.operands
        self.step(command.start)
        if isinstance(first, Function):
            return self.call(first, tuple(rest), dot, last)
        if rest or last:
            message = "only a function takes arguments, or what comes down a pipe"
            raise Fault(message, rest[0].start if rest else command.start)
        if isinstance(first, Constant) and first.value is None:
            raise Fault("nil cannot stand alone", command.start)
        return self.value(first, dot)

    def value(self, operand: Operand, dot: Any) -> Any:
        """What an operand is, as an argument."""
        self.step(operand.start)
        if isinstance(operand, Constant):
            return operand.value
        if isinstance(operand, Dot):
            return dot
        if isinstance(operand, Variable):
            return self.variables[self.place(operand.name, operand.start)][1]
        if isinstance(operand, Function):
            return self.call(operand, (), dot, _NOTHING)
        if isinstance(operand, Chain):
            return self.chain(operand, dot)
        return self.pipe(operand, dot)

    def chain(self, chain: Chain, dot: Any) -> Any:
        value = self.value(chain.of, dot)
        for name in chain.fields:
            try:
                value = _field(value, name)
            except Fault as fault:
                raise _at(fault, chain.start) from fault
        return value

    def call(
        self, function: Function, operands: tuple[Operand, ...], dot: Any, last: tuple[Any, ...]
    ) -> Any:
        name = function.name
        if name in self.values:
            if operands or last:
                raise Fault(f"{name} takes no arguments", function.start)
            return self.values[name]
        if name in ("and", "or"):
            return self.logic(function, operands, dot, last)
        arguments = (*(self.value(operand, dot) for operand in operands), *last)
        called = BUILTINS[name]
        if called is None:
            raise TypeError(f"{name} is called by the evaluator itself")
        try:
            result = called(arguments)
        except Fault as fault:
            raise _at(fault, function.start, name) from fault
        self.count(result, function.start)
        return result

    def count(self, value: Any, start: int) -> None:
        text = value.text if isinstance(value, Symbol) else value
        self.characters += len(text) if isinstance(text, str) else 0
        if self.characters > MOST_CHARACTERS:
            raise Fault(f"the functions yield more than {MOST_CHARACTERS} characters", start)

    def logic(
        self, function: Function, operands: tuple[Operand, ...], dot: Any, last: tuple[Any, ...]
    ) -> Any:
        """``and`` and ``or`` yield the argument that decides; those behind it are not looked at."""
        if not operands and not last:
            raise Fault(f"{function.name} takes an argument or more", function.start)
        value: Any = None
        for i, operand in enumerate(operands):
            value = self.value(operand, dot)
            if i == len(operands) - 1 and not last:
                return value
            try:
                if truth(value) == (function.name == "or"):
                    return value
            except Fault as fault:
                raise _at(fault, operand.start) from fault
        return last[0] if last else value


def _field(value: Any, name: str) -> Any:
    if isinstance(value, Symbols):
        try:
            return value.field(name)
        except ValueError as error:
            raise Fault(str(error)) from error
    if isinstance(value, Mapping):
        if name not in value:
            known = ", ".join(sorted(value)) or "none"
            raise Fault(f"the variable {name} is not set (set: {known})")
        return value[name]
    raise Fault(f".{name} is asked of a value of the type {type_name(value)}, which has no fields")


def _at(fault: Fault, start: int, name: str = "") -> Fault:
    """``fault`` at ``start``, where it has no place yet."""
    message = f"{name}: {fault.message}" if name else fault.message
    return Fault(message, start, symbol=fault.symbol) if fault.start is None else fault
