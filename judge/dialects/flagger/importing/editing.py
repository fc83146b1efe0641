"""Webhooks written into the file of a Canary, and nothing else in it changed.

Owned here: where in the text they belong. Promised: read again, the file says what it said, and
the webhooks; comments, blanks and order stay as they are (of JSON, the order alone). A text in
which that place is not plain to see is refused, never written wrong. Not here: which webhooks
(`hooks`).
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from judge.dialects.flagger.importing.hooks import Hook
from judge.dialects.flagger.importing.reading import objects_of
from judge.errors import SpecError
from judge.spec.written import Path, Written, read_documents

WEBHOOKS = "webhooks"

_PLAIN = re.compile(r"[A-Za-z0-9/][A-Za-z0-9/._:-]*")
_DASH = re.compile(r" *(?=-[ ]+$)")
_NONE = re.compile(r"(?P<key> *webhooks:) *(?:\[ *\]|null|~)?(?P<comment> *(?:#.*)?)")


def listed(hooks: Iterable[Hook], indent: int = 0) -> list[str]:
    """The lines of a list of these webhooks, as YAML."""
    found = []
    for hook in hooks:
        for i, (name, value) in enumerate(hook.fields().items()):
            found.append(f"{' ' * indent}{'  ' if i else '- '}{name}: {_scalar(value)}")
    return found


def with_hooks(
    documents: Sequence[Written], read: Written, analysis: Path, hooks: Sequence[Hook]
) -> str:
    """The text of the file that ``read`` (the Canary, of these documents) is from, with the hooks.

    ``analysis`` is the path of the Canary's analysis. Raises `SpecError` where the text cannot
    take them.
    """
    text = _json(read, analysis, hooks)
    if text is None:
        lines = read.text.split("\n")
        text = "\n".join(_inserted(lines, read, analysis, hooks))
    if not _says(text, documents, read, analysis, hooks):
        raise _refused(read, analysis)
    return text


def _scalar(value: str) -> str:
    return value if _PLAIN.fullmatch(value) and ": " not in value else json.dumps(value)


def _refused(read: Written, analysis: Path) -> SpecError:
    message = (
        "is written in a way that leaves no plain place for further webhooks (in one line, by an "
        "alias or by <<); leave --canary-out out and add the webhooks by hand"
    )
    return SpecError([read.issue((*analysis, WEBHOOKS), message)])


def _json(read: Written, analysis: Path, hooks: Sequence[Hook]) -> str | None:
    """The text of a file of JSON; None where it is none."""
    if not read.text.lstrip().startswith("{"):
        return None
    try:
        whole = json.loads(read.text)
    except ValueError:
        return None
    for one in objects_of(Written(whole, read.source)):
        if one.data == read.data:
            _add(one.data, analysis, hooks)
            return json.dumps(whole, indent=2, ensure_ascii=False) + "\n"
    return None


def _inserted(
    lines: list[str], read: Written, analysis: Path, hooks: Sequence[Hook]
) -> Iterator[str]:
    at = (*analysis, WEBHOOKS)
    if at not in read.keys:
        begins, indent = _last_key(read, analysis)
        end = _end(lines, begins, indent, dashes=True)
        added = [f"{' ' * indent}{WEBHOOKS}:", *listed(hooks, indent + 2)]
    elif not _inside(read.data, at):
        end = read.keys[at].line
        match = _NONE.fullmatch(lines[end - 1])
        if match is None:
            raise _refused(read, analysis)
        lines = [*lines[: end - 1], match["key"] + match["comment"], *lines[end:]]
        added = listed(hooks, read.keys[at].column + 1)
    else:
        begins, indent = _last_item(lines, read, at)
        end = _end(lines, begins, indent, dashes=False)
        added = listed(hooks, indent)
    yield from (*lines[:end], *added, *lines[end:])


def _last_key(read: Written, analysis: Path) -> tuple[int, int]:
    """The line of the analysis's last field, from 1, and how far its fields are indented."""
    depth = len(analysis) + 1
    keys = [one for path, one in read.keys.items() if path[:-1] == analysis and len(path) == depth]
    if not keys:
        raise _refused(read, analysis)
    last = max(keys, key=lambda one: one.line)
    return last.line, last.column - 1


def _last_item(lines: list[str], read: Written, at: Path) -> tuple[int, int]:
    """The line of the last item of the list, from 1, and how far its dash is indented."""
    place = read.values[(*at, len(_inside(read.data, at)) - 1)]
    dash = _DASH.match(lines[place.line - 1][: place.column - 1])
    if dash is None or place.line < read.keys[at].line:
        raise _refused(read, at[:-1])
    return place.line, dash.end()


def _end(lines: list[str], begins: int, indent: int, *, dashes: bool) -> int:
    """How many lines there are up to the end of what begins in that line at that indent.

    ``dashes``: a list may stand below its key without being indented.
    """
    end = begins
    for i in range(begins, len(lines)):
        line = lines[i]
        if not line.strip():
            continue
        depth = len(line) - len(line.lstrip(" "))
        if depth < indent or (depth == indent and not (dashes and line.lstrip().startswith("-"))):
            break
        end = i + 1
    return end


def _says(
    text: str, documents: Sequence[Written], read: Written, analysis: Path, hooks: Sequence[Hook]
) -> bool:
    """Whether the text says all that the file said, and the webhooks."""
    before = [one.data for document in documents for one in objects_of(document)]
    wanted = []
    for data in before:
        wanted.append(copy.deepcopy(data))
        if data is read.data:
            _add(wanted[-1], analysis, hooks)
    try:
        again = read_documents(text, source=read.source)
    except SpecError:
        return False
    return [one.data for document in again for one in objects_of(document)] == wanted


def _add(canary: Any, analysis: Path, hooks: Sequence[Hook]) -> None:
    inside = _inside(canary, analysis)
    inside[WEBHOOKS] = [*(inside.get(WEBHOOKS) or ()), *(hook.fields() for hook in hooks)]


def _inside(data: Any, path: Path) -> Any:
    for part in path:
        data = data[part]
    return data
