"""From pydantic's errors to issues that a person can act on, each with its place.

Owned here: the sentence for each kind of error, and the nearest known field for an unknown one.
Promised: every error becomes one issue, except those that only follow from another.
Not here: the checks themselves (`fields`, `analysis`, `resolving`).
"""

from __future__ import annotations

import re
import typing
from collections.abc import Callable, Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from judge.errors import Issue, SpecError
from judge.spec.fields import LONG, SHORT, Document
from judge.spec.rendering import unknown
from judge.spec.written import Path, Written

M = typing.TypeVar("M", bound=Document)

_HALF = re.compile("[\ud800-\udfff]")
_NOT_WRITTEN = {SHORT, LONG, "[key]"}

_PATTERNS = {
    r"^[A-Za-z0-9]([A-Za-z0-9_.-]*[A-Za-z0-9])?$": (
        "must be made of letters, digits, - . and _, and begin and end with a letter or digit"
    ),
    r"^[A-Za-z0-9_-]+$": "must be made of letters, digits, - and _",
    r"^[A-Za-z_][A-Za-z0-9_]*$": (
        "must be made of letters, digits and _, and not begin with a digit"
    ),
}
_SENTENCES: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "string_type": lambda _: "must be a text; put it in quotes",
    "bool_type": lambda _: "must be true or false",
    "float_type": lambda _: "must be a number, without quotes",
    "finite_number": lambda _: "must be a finite number",
    "dict_type": lambda _: "must be a mapping of names to values",
    "tuple_type": lambda _: "must be a list; begin each item with a dash",
    "enum": lambda c: f"must be {c['expected']}",
    "literal_error": lambda c: f"must be {c['expected']}",
    "greater_than": lambda c: f"must be more than {c['gt']:g}",
    "greater_than_equal": lambda c: f"must be {c['ge']:g} or more",
    "less_than": lambda c: f"must be less than {c['lt']:g}",
    "less_than_equal": lambda c: f"must be {c['le']:g} or less",
    "too_short": lambda c: f"must hold at least {c['min_length']}; add one",
    "too_long": lambda c: f"must hold at most {c['max_length']}; remove some",
    "string_too_short": lambda _: "must not be empty; write it, or remove the field",
    "string_too_long": lambda c: f"must be at most {c['max_length']} characters long; shorten it",
    "string_pattern_mismatch": lambda c: _PATTERNS.get(c["pattern"], f"must match {c['pattern']}"),
    "value_error": lambda c: str(c["error"]),
    "at_offset": lambda c: str(c["message"]),
}


def validated(model: type[M], written: Written, context: dict[str, str] | None = None) -> M:
    """``written`` as a ``model``. Raises `SpecError` with all that is wrong."""
    halves = list(half_characters(written))
    if halves:
        raise SpecError(halves)
    try:
        return model.model_validate(written.data, context=context)
    except ValidationError as error:
        raise SpecError(issues_of(model, written, error)) from error


def half_characters(written: Written) -> Iterator[Issue]:
    """Issues with texts that no output could carry; JSON can write half of a character."""
    left: list[tuple[Path, Any]] = [((), written.data)]
    while left:
        path, value = left.pop()
        if isinstance(value, Mapping):
            left += [((*path, str(name)), name) for name in value]
            left += [((*path, str(name)), inner) for name, inner in value.items()]
        elif isinstance(value, list | tuple):
            left += [((*path, i), inner) for i, inner in enumerate(value)]
        elif isinstance(value, str) and _HALF.search(value):
            message = "holds half of a character (a lone surrogate); write the whole of it"
            yield written.issue(path, message)


def issues_of(model: type[BaseModel], written: Written, error: ValidationError) -> list[Issue]:
    """What pydantic says is wrong with ``written``, in our words."""
    details = error.errors(include_url=False, include_input=False)
    paths = [path_of(detail) for detail in details]
    return [
        _issue(model, written, detail, path)
        for detail, path in zip(details, paths, strict=True)
        if not _follows(model, detail, path, details)
    ]


def path_of(detail: ErrorDetails) -> Path:
    """Where in the document the error is."""
    return tuple(part for part in detail["loc"] if part not in _NOT_WRITTEN)


def _follows(
    model: type[BaseModel], detail: ErrorDetails, path: Path, details: list[ErrorDetails]
) -> bool:
    """Whether an error only follows from another.

    A list is too short for want of good items; a field is missing because it is misspelt.
    """
    if detail["type"] == "too_short":
        return any(path_of(other)[: len(path)] == path for other in details if other is not detail)
    if detail["type"] == "missing":
        later = _later(_model_at(model, path[:-1]))
        beside = [
            str(other["loc"][-1])
            for other in details
            if other["type"] == "extra_forbidden" and path_of(other)[:-1] == path[:-1]
        ]
        return any(name in later for name in beside) or bool(
            get_close_matches(str(path[-1]), beside)
        )
    return False


def _issue(model: type[BaseModel], written: Written, detail: ErrorDetails, path: Path) -> Issue:
    context = detail.get("ctx", {})
    if detail["type"] == "extra_forbidden":
        around = _model_at(model, path[:-1])
        return written.issue(path, _unknown_field(around, str(path[-1])), key=True)
    if detail["type"] == "missing":
        return written.issue(path, "is missing; add it")
    if detail["type"] == "model_type":
        fields = ", ".join(_fields(_model_at(model, path)))
        return written.issue(path, f"must be a mapping with the fields {fields}")
    sentence = _SENTENCES.get(detail["type"])
    message = sentence(context) if sentence else detail["msg"]
    on_key = detail["loc"][-1:] == ("[key]",)
    return written.issue(path, message, offset=context.get("offset"), key=on_key)


def _unknown_field(model: type[BaseModel], name: str) -> str:
    if name in _later(model):
        return "is not there in this version yet; remove it"
    return f"is not a field here; {unknown(name, _fields(model))}"


def _fields(model: type[BaseModel]) -> dict[str, Any]:
    return {info.alias or name: info.annotation for name, info in model.model_fields.items()}


def _later(model: type[BaseModel]) -> frozenset[str]:
    return model.later if issubclass(model, Document) else frozenset()


def _model_at(model: type[BaseModel], path: Path) -> type[BaseModel]:
    """The model of the mapping at ``path``."""
    for part in path:
        annotation = _fields(model).get(part) if isinstance(part, str) else None
        inner = _model_in(annotation)
        model = inner or model
    return model


def _model_in(annotation: Any) -> type[BaseModel] | None:
    """The one model that an annotation such as ``tuple[Annotated[M, ...], ...] | None`` names."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for argument in typing.get_args(annotation):
        found = _model_in(argument)
        if found:
            return found
    return None
