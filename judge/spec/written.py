"""YAML or JSON text as plain data, with the line and column of every key and value in it.

Owned here: `Written`. Promised: duplicate keys, tags, cycles, anchors that multiply beyond reason,
several documents where one is meant and broken syntax are refused with their place; words mean what
YAML 1.2 says (``yes`` and ``010`` are texts, a date is a text). Not here: what the data mean.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path as FilePath
from typing import Any, TypeVar

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from ruamel.yaml.reader import ReaderError

from judge.errors import Issue, SpecError

Path = tuple[str | int, ...]
T = TypeVar("T")

LARGEST_TEXT = 250_000
MOST_VALUES = 20_000

FOLD = "\a"  # where ruamel's round-trip loader remembers that a folded text was folded

_YAML = "tag:yaml.org,2002:"
_TEXTS = {f"{_YAML}str", f"{_YAML}timestamp", f"{_YAML}value"}
_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]*)")


@dataclass(frozen=True, slots=True)
class Place:
    """A line and a column, from 1, and the index of the character in the text, from 0."""

    line: int = 0
    column: int = 0
    index: int = 0


@dataclass(frozen=True)
class Written:
    """Data, and where each part of them stands. Data without a text have no places."""

    data: Any
    source: str
    text: str = ""
    values: Mapping[Path, Place] = field(default_factory=dict)
    keys: Mapping[Path, Place] = field(default_factory=dict)

    def issue(
        self, path: Path, message: str, *, offset: int | None = None, key: bool = False
    ) -> Issue:
        """An issue with the value at ``path``, or the nearest thing around it that is written.

        ``offset`` is an index into the text that the value is; ``key`` puts it on the key.
        """
        place = self._place(path, key=key)
        if offset is not None and self.text:
            place = self._inside(place, self._text_at(path), offset)
        return Issue(
            _printable(dotted(path)), _printable(message), self.source, place.line, place.column
        )

    def _place(self, path: Path, *, key: bool) -> Place:
        if key and path in self.keys:
            return self.keys[path]
        while path and path not in self.values:
            path = path[:-1]
        return self.values.get(path, Place())

    def _text_at(self, path: Path) -> str:
        value = self.data
        for part in path:
            value = value[part]
        return value if isinstance(value, str) else ""

    def _inside(self, start: Place, value: str, offset: int) -> Place:
        """Where character ``offset`` of the scalar at ``start`` is, as far as its style tells."""
        if self.text.startswith(value, start.index):
            return self._at(start.index + offset)
        if self.text.startswith(value, start.index + 1):
            return self._at(start.index + 1 + offset)
        if self.text[start.index : start.index + 1] != "|":
            return start
        return self._in_block(start, value, offset)

    def _in_block(self, start: Place, value: str, offset: int) -> Place:
        before = value[:offset]
        line = start.line + 1 + before.count("\n")
        lines = self.text.split("\n")
        inside = value.split("\n")[before.count("\n")]
        if line > len(lines) or not lines[line - 1].rstrip("\r").endswith(inside):
            return start
        indent = len(lines[line - 1].rstrip("\r")) - len(inside)
        return Place(line, indent + offset - (before.rfind("\n") + 1) + 1)

    def _at(self, index: int) -> Place:
        before = self.text[:index]
        return Place(before.count("\n") + 1, index - (before.rfind("\n") + 1) + 1, index)


def _printable(text: str) -> str:
    """``text`` as any output can carry it: a parsed JSON body may hold half characters."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def dotted(path: Path) -> str:
    """``spec.metrics[0].limit`` of its parts."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def read_file(path: FilePath, *, shown: str) -> str:
    """The text of a file that a user named, and sees as ``shown``. Raises `SpecError`."""
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        message = "is not UTF-8 text; save it as UTF-8"
        raise SpecError([Issue("", message, shown)]) from error
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        message = f"cannot be read ({reason}); check the path"
        raise SpecError([Issue("", message, shown)]) from error


def read_written(text: str, *, source: str) -> Written:
    """The one document in ``text``. Raises `SpecError` with every duplicate key."""
    text = _readable(text, source)
    root = _composed(lambda: YAML(typ="rt").compose(text), text, source)
    if root is None:
        raise _refused(source, "empty; write an analysis, or look at judge check --schema")
    return _Reader(text, source).read(root)


def read_documents(text: str, *, source: str) -> tuple[Written, ...]:
    """The documents in ``text``, divided by ``---``, but for empty ones.

    Their places are places in the whole text. Raises `SpecError` as `read_written` does.
    """
    text = _readable(text, source)
    roots = _composed(lambda: list(YAML(typ="rt").compose_all(text)), text, source)
    found = (_Reader(text, source).read(root) for root in roots)
    return tuple(one for one in found if one.data is not None)


def _readable(text: str, source: str) -> str:
    text = text.removeprefix("\ufeff")
    if len(text) > LARGEST_TEXT:
        raise _refused(source, f"larger than {LARGEST_TEXT} characters; make it smaller")
    return _json_without_tabs(text)


def _composed(compose: Callable[[], T], text: str, source: str) -> T:
    """What ``compose`` yields; what it raises as an issue with its place."""
    try:
        return compose()
    except MarkedYAMLError as error:
        raise _syntax_error(source, error) from error
    except ReaderError as error:
        raise _bad_character(source, text, error) from error
    except YAMLError as error:
        raise _refused(source, f"not valid YAML: {_one_line(str(error))}") from error
    except (RecursionError, ValueError) as error:
        raise _refused(source, "nested too deep to be read; make it flatter") from error


def _json_without_tabs(text: str) -> str:
    """JSON may be indented by tabs, YAML may not; in valid JSON no string holds a raw tab."""
    if "\t" not in text or not text.lstrip().startswith(("{", "[")):
        return text
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return text
    return text.replace("\t", " ")


class _Reader:
    """Turns the nodes of one text into data, noting where everything is."""

    def __init__(self, text: str, source: str) -> None:
        self.text = text
        self.source = source
        self.values: dict[Path, Place] = {}
        self.keys: dict[Path, Place] = {}
        self.issues: list[Issue] = []
        self.open: list[Node] = []

    def read(self, root: Node) -> Written:
        try:
            data = self.value(root, ())
        except RecursionError as error:
            raise _refused(self.source, "nested too deep to be read; make it flatter") from error
        if self.issues:
            raise SpecError(self.issues)
        return Written(data, self.source, self.text, self.values, self.keys)

    def value(self, node: Node, path: Path) -> Any:
        place = _place(node)
        self.values[path] = place
        if len(self.values) > MOST_VALUES:
            raise _refused(
                self.source, f"more than {MOST_VALUES} values; write fewer anchors or metrics"
            )
        if any(node is outer for outer in self.open):
            raise SpecError([self.issue(path, place, "this anchor holds itself; unroll it")])
        self.open.append(node)
        data = self.content(node, path, place)
        self.open.pop()
        return data

    def content(self, node: Node, path: Path, place: Place) -> Any:
        if isinstance(node, ScalarNode):
            return self.scalar(node, path, place)
        if isinstance(node, SequenceNode):
            return [self.value(item, (*path, i)) for i, item in enumerate(node.value)]
        if isinstance(node, MappingNode):
            return self.mapping(node, path)
        raise TypeError(f"{type(node).__name__} is no YAML node")

    def scalar(self, node: ScalarNode, path: Path, place: Place) -> Any:
        tag, text = str(node.tag), str(node.value)
        if node.style == ">":
            text = text.replace(FOLD, "")
        if tag in _TEXTS:
            return self.characters(text, path, place)
        if tag == f"{_YAML}null":
            return None
        if tag == f"{_YAML}bool":
            return text.lower() == "true"
        if tag == f"{_YAML}int":
            return int(text) if _INTEGER.fullmatch(text) and len(text) < 40 else text
        if tag == f"{_YAML}float":
            return _float(text)
        self.issues.append(self.issue(path, place, f"the tag {tag} is not known; remove it"))
        return None

    def characters(self, text: str, path: Path, place: Place) -> str:
        """JSON writes a character beyond 16 bits as two escapes, which YAML leaves apart."""
        try:
            return text.encode("utf-16", "surrogatepass").decode("utf-16")
        except UnicodeDecodeError:
            message = "half of a character (a lone surrogate); write the whole character"
            self.issues.append(self.issue(path, place, message))
            return ""

    def mapping(self, node: MappingNode, path: Path) -> dict[str, Any]:
        data: dict[str, Any] = {}
        merged: dict[str, Any] = {}
        for key_node, value_node in node.value:
            place = _place(key_node)
            if not isinstance(key_node, ScalarNode):
                self.issues.append(self.issue(path, place, "a key must be a plain word"))
            elif str(key_node.tag) == f"{_YAML}merge":
                merged |= {k: v for k, v in self.merged(value_node, path) if k not in merged}
            else:
                key = self.characters(str(key_node.value), path, place)
                self.entry(data, key, path, place, value_node)
        return {**{k: v for k, v in merged.items() if k not in data}, **data}

    def entry(self, data: dict[str, Any], key: str, around: Path, place: Place, node: Node) -> None:
        path = (*around, key)
        if key in data:
            first = self.keys[path].line
            message = f"the key {key} is written twice (first in line {first}); keep one of them"
            self.issues.append(self.issue(path, place, message))
            return
        self.keys[path] = place
        data[key] = self.value(node, path)

    def merged(self, node: Node, path: Path) -> Iterator[tuple[str, Any]]:
        """The entries that ``<<`` brings in; what is written beside it goes before them."""
        for one in node.value if isinstance(node, SequenceNode) else [node]:
            if not isinstance(one, MappingNode):
                self.issues.append(self.issue(path, _place(one), "<< needs a mapping"))
                continue
            before = dict(self.values), dict(self.keys)
            data = self.value(one, path)
            self.values, self.keys = {**self.values, **before[0]}, {**self.keys, **before[1]}
            yield from data.items()

    def issue(self, path: Path, place: Place, message: str) -> Issue:
        return Issue(dotted(path), message, self.source, place.line, place.column)


def _place(node: Node) -> Place:
    mark = node.start_mark
    return Place(mark.line + 1, mark.column + 1, mark.index)


def _float(text: str) -> float | str:
    words = {".inf": "inf", "-.inf": "-inf", "+.inf": "inf", ".nan": "nan"}
    try:
        return float(words.get(text.lower(), text))
    except ValueError:
        return text


def _syntax_error(source: str, error: MarkedYAMLError) -> SpecError:
    mark = error.problem_mark or error.context_mark
    context = f" ({error.context})" if error.context else ""
    message = f"not valid YAML: {_one_line(f'{error.problem}{context}')}; mend it there"
    line, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
    return SpecError([Issue("", message, source, line, column)])


def _bad_character(source: str, text: str, error: ReaderError) -> SpecError:
    before = text[: error.position]
    code = error.character if isinstance(error.character, int) else ord(error.character)
    message = f"the character U+{code:04X} cannot stand in YAML; remove it"
    line, column = before.count("\n") + 1, error.position - before.rfind("\n")
    return SpecError([Issue("", message, source, line, column)])


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _refused(source: str, message: str) -> SpecError:
    return SpecError([Issue("", message, source, 1, 1)])
