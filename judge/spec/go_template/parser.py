"""From tokens to nodes.

Owned here: the grammar of actions, which names are known, and that every block is closed. Promised:
what Go's parser refuses is refused, and so are define, template and block, which no metric template
needs. Nesting is bounded. Not here: literals (`literals`), meaning (`evaluator`).
"""

from __future__ import annotations

from collections.abc import Iterator

from judge.spec.go_template import lexer, literals
from judge.spec.go_template.error import Fault, placed
from judge.spec.go_template.functions import BUILTINS
from judge.spec.go_template.lexer import KEYWORDS, Action, Token
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

DEEPEST = 40
_CONSTANTS = {"true": True, "false": False, "nil": None}
_LATER_COMMANDS = (Function, Chain, Pipe, Variable)


def parsed(text: str, known: frozenset[str], *, source: str = "") -> Body:
    """The nodes of ``text``, which may name the functions ``known``. Raises `GoTemplateError`."""
    try:
        return _Blocks(lexer.pieces(text), known).all()
    except Fault as fault:
        raise placed(fault, text, source) from fault


class _Blocks:
    """Goes through the pieces of one template, block by block."""

    def __init__(self, pieces: Iterator[lexer.Text | Action], known: frozenset[str]) -> None:
        self.pieces = pieces
        self.known = known
        self.variables: list[str] = ["$"]
        self.depth = 0
        self.loops = 0

    def all(self) -> Body:
        """The whole template."""
        body, closing = self.body()
        if closing is not None:
            raise Fault(f"{closing.first.kind} closes nothing; remove it", closing.first.start)
        return body

    def body(self) -> tuple[Body, _Action | None]:
        """The nodes up to an else or end, and that; None at the template's end."""
        nodes: list[Node] = []
        for piece in self.pieces:
            if isinstance(piece, lexer.Text):
                nodes.append(Text(piece.text))
                continue
            action = _Action(piece, self.known, self.variables)
            if action.first.kind in ("else", "end"):
                return tuple(nodes), action
            nodes.append(self.node(action))
        return tuple(nodes), None

    def node(self, action: _Action) -> Node:
        kind, start = action.first.kind, action.first.start
        if kind in ("if", "with", "range"):
            action.next()
            return self.block(action, kind)
        if kind in ("break", "continue"):
            action.next()
            action.ends()
            if not self.loops:
                raise Fault(f"{kind} stands outside of a range; remove it", start)
            return Jump(kind == "break", start)
        if kind in KEYWORDS:
            raise Fault(f"{kind} is not supported here; write out what it would insert", start)
        return self.statement(action)

    def statement(self, action: _Action) -> Node:
        start = action.first.start
        target = action.target()
        if target is None:
            return Print(action.whole_pipe())
        name, new = target
        pipe = action.whole_pipe()
        if new:
            self.variables.append(name)
        return Assign(name, pipe, new, start)

    def block(self, action: _Action, kind: str) -> Node:
        """``if``, ``with`` or ``range`` up to its end; its first word is read already."""
        start = action.start
        self.depth += 1
        if self.depth > DEEPEST:
            raise Fault(f"blocks are nested more than {DEEPEST} deep", start)
        outside = len(self.variables)
        names = action.names(loop=kind == "range")
        pipe = action.whole_pipe()
        self.variables += names
        self.loops += kind == "range"
        body, closing = self.body()
        self.loops -= kind == "range"
        otherwise = self.otherwise(closing, kind, start)
        del self.variables[outside:]
        self.depth -= 1
        if kind == "range":
            return Range(pipe, names, body, otherwise, start)
        return Branch(pipe, "".join(names), body, otherwise, kind == "with", start)

    def otherwise(self, closing: _Action | None, kind: str, start: int) -> Body:
        """What stands behind else, up to the end of the block."""
        if closing is None:
            raise Fault(f"this {kind} is never closed; write {{{{ end }}}}", start)
        word = closing.next()
        if word.kind == "end":
            closing.ends()
            return ()
        if closing.tokens and closing.first.kind == kind and kind != "range":
            closing.next()
            return (self.block(closing, kind),)
        closing.ends()
        body, last = self.body()
        if last is None:
            raise Fault(f"this {kind} is never closed; write {{{{ end }}}}", start)
        word = last.next()
        if word.kind != "end":
            raise Fault(f"a second else; the {kind} has one already", word.start)
        last.ends()
        return body


class _Action:
    """The tokens of one action, read from the left."""

    def __init__(self, action: Action, known: frozenset[str], variables: list[str]) -> None:
        self.tokens = list(reversed(action.tokens))
        self.start = action.start
        self.known = known
        self.variables = variables
        self.depth = 0
        self.last_end = action.start
        if not self.tokens:
            raise Fault("an empty action; write what it prints, or remove it", action.start)

    @property
    def first(self) -> Token:
        """The next token."""
        return self.tokens[-1]

    def next(self) -> Token:
        """The next token, taken."""
        token = self.tokens.pop()
        self.last_end = token.end
        return token

    def ends(self) -> None:
        """Nothing may follow."""
        if self.tokens:
            raise Fault(f"{self.first.text:.30} is one too many in this action", self.first.start)

    def at(self, *kinds: str) -> bool:
        """Whether tokens of these kinds come next."""
        return tuple(token.kind for token in self.tokens[: -len(kinds) - 1 : -1]) == kinds

    def target(self) -> tuple[str, bool] | None:
        """The variable that is set, and whether it is new; None where nothing is set."""
        if not (self.at("variable", ":=") or self.at("variable", "=")):
            return None
        token, new = self.next(), self.next().kind == ":="
        if token.text == "$":
            raise Fault("$ cannot be set; give the variable a name", token.start)
        if not new:
            self.declared(token)
        return token.text, new

    def names(self, *, loop: bool) -> tuple[str, ...]:
        """The variables that a block declares."""
        names: tuple[str, ...] = ()
        if loop and self.at("variable", ",", "variable", ":="):
            names = (self.next().text,)
            self.next()
        if self.at("variable", ":="):
            names += (self.next().text,)
            self.next()
        elif self.at("variable", "=") or self.at("variable", ","):
            raise Fault("write $name := ... here (of a range: $key, $value := ...)", self.start)
        if "$" in names:
            raise Fault("$ cannot be set; give the variable a name", self.start)
        return names

    def whole_pipe(self) -> Pipe:
        """All that is left, a pipeline."""
        pipe = self.pipe()
        self.ends()
        return pipe

    def pipe(self) -> Pipe:
        start = self.first.start if self.tokens else self.last_end
        commands = [self.command()]
        while self.at("|"):
            self.next()
            command = self.command()
            if not isinstance(command.operands[0], _LATER_COMMANDS):
                raise Fault("a constant cannot take what comes down the pipe", command.start)
            commands.append(command)
        return Pipe(tuple(commands), start)

    def command(self) -> Command:
        operands: list[Operand] = []
        while self.tokens and not self.at("|") and not self.at(")"):
            if operands and self.first.start == self.last_end:
                raise Fault("a blank is missing before this", self.first.start)
            operands.append(self.operand())
        if not operands:
            raise Fault("a value is missing", self.last_end)
        return Command(tuple(operands), operands[0].start)

    def operand(self) -> Operand:
        term = self.term()
        fields = []
        while self.at("field") and self.first.start == self.last_end:
            fields.append(self.next().text[1:])
        if not fields:
            return term
        if isinstance(term, Constant | Dot):
            raise Fault(f".{fields[0]} cannot follow a constant or a dot", term.start)
        if isinstance(term, Chain):
            return Chain(term.of, (*term.fields, *fields), term.start)
        return Chain(term, tuple(fields), term.start)

    def term(self) -> Operand:
        token = self.next()
        if token.kind == "(":
            return self.parenthesis(token)
        if token.kind == "word":
            return self.word(token)
        if token.kind == "variable":
            if self.at(":=") or self.at("="):
                raise Fault("a variable is set by an action of its own, not here", token.start)
            self.declared(token)
            return Variable(token.text, token.start)
        if token.kind == "dot":
            return Dot(token.start)
        if token.kind == "field":
            return Chain(Dot(token.start), (token.text[1:],), token.start)
        if token.kind in ("number", "char"):
            return Constant(literals.number(token), token.start)
        if token.kind in ("string", "raw"):
            return Constant(literals.string(token), token.start)
        raise Fault(f"{token.text:.30} cannot stand here", token.start)

    def parenthesis(self, opening: Token) -> Pipe:
        self.depth += 1
        if self.depth > DEEPEST:
            raise Fault(f"parentheses are nested more than {DEEPEST} deep", opening.start)
        if not self.tokens:
            raise Fault("this ( is never closed; write )", opening.start)
        pipe = self.pipe()
        if not self.at(")"):
            raise Fault("this ( is never closed; write )", opening.start)
        self.next()
        self.depth -= 1
        return pipe

    def word(self, token: Token) -> Operand:
        if token.text in _CONSTANTS:
            return Constant(_CONSTANTS[token.text], token.start)
        if token.text not in self.known and token.text not in BUILTINS:
            names = ", ".join(sorted({*self.known, *BUILTINS}))
            message = f"there is no function {token.text:.50}; there are {names}"
            raise Fault(message, token.start)
        return Function(token.text, token.start)

    def declared(self, token: Token) -> None:
        if token.text not in self.variables:
            raise Fault(
                f"the variable {token.text:.50} is not set before; write {token.text:.50} := ...",
                token.start,
            )
