"""What a template is made of, once it is read.

Owned here: frozen nodes, each with the index where it begins. Not here: reading (`parser`) and
evaluating (`evaluator`) them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Constant:
    """A string, number, true, false or nil (None)."""

    value: str | int | float | bool | None
    start: int


@dataclass(frozen=True, slots=True)
class Dot:
    """The dot."""

    start: int


@dataclass(frozen=True, slots=True)
class Variable:
    """``$name``."""

    name: str
    start: int


@dataclass(frozen=True, slots=True)
class Function:
    """A function's name; as an argument it is called without any."""

    name: str
    start: int


@dataclass(frozen=True, slots=True)
class Chain:
    """Fields of something: ``variables.x``, ``$x.y``, ``.z`` (of the dot), ``(...).x``."""

    of: Operand
    fields: tuple[str, ...]
    start: int


@dataclass(frozen=True, slots=True)
class Command:
    """An operand, or a function and its arguments."""

    operands: tuple[Operand, ...]
    start: int


@dataclass(frozen=True, slots=True)
class Pipe:
    """Commands, the result of each the last argument of the next."""

    commands: tuple[Command, ...]
    start: int


Operand: TypeAlias = Constant | Dot | Variable | Function | Chain | Pipe


@dataclass(frozen=True, slots=True)
class Text:
    """What is written as it is."""

    text: str


@dataclass(frozen=True, slots=True)
class Print:
    """An action that prints."""

    pipe: Pipe


@dataclass(frozen=True, slots=True)
class Assign:
    """``$name := pipe``, or ``$name = pipe`` where it is not new."""

    name: str
    pipe: Pipe
    new: bool
    start: int


@dataclass(frozen=True, slots=True)
class Branch:
    """``if``, or ``with``, which sets the dot; ``name`` is the variable that it declares, or ""."""

    pipe: Pipe
    name: str
    body: Body
    otherwise: Body
    sets_dot: bool
    start: int


@dataclass(frozen=True, slots=True)
class Range:
    """``range``; the last of ``names`` is the value's, one before it the key's."""

    pipe: Pipe
    names: tuple[str, ...]
    body: Body
    otherwise: Body
    start: int


@dataclass(frozen=True, slots=True)
class Jump:
    """``break``, or ``continue``."""

    leaves: bool
    start: int


Node: TypeAlias = Text | Print | Assign | Branch | Range | Jump
Body: TypeAlias = tuple[Node, ...]
