"""The kinds of fields that written documents are made of, each with its check and JSON schema.

Owned here: the base of every pydantic model at this door, and the annotated types for durations,
shares, names, URLs, selectors, queries and secrets' files. Promised: a bad value raises one
sentence that says what to write. Not here: which fields there are (`analysis`,
`metric_template`), nor where in a file a bad one stands (`problems`).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Annotated, Any, ClassVar, TypeVar
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    Strict,
    StringConstraints,
    ValidationInfo,
    WithJsonSchema,
)
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError

from judge.spec import promql, rendering, units

T = TypeVar("T")

VARIABLE_PATTERN = r"^[A-Za-z_][A-Za-z0-9_]*$"
# The validation context of documents that a machine wrote, with durations in seconds.
RESOLVED: dict[str, str] = {"written by": "Judge"}
SECRET_HEADERS = {"authorization", "proxy-authorization", "cookie", "x-api-key", "api-key"}

LARGEST_BOUND = 1e300

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


class Document(BaseModel):
    """A mapping with known fields, camelCase as written; anything else is refused.

    ``later`` names fields that are meant to exist but are not judged by this version.
    """

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        strict=True,
        alias_generator=to_camel,
        allow_inf_nan=False,
        use_attribute_docstrings=True,
    )
    later: ClassVar[frozenset[str]] = frozenset()


def at_offset(message: str, offset: int) -> PydanticCustomError:
    """An error at a character of a text: its place is then that character's."""
    return PydanticCustomError("at_offset", "{message}", {"message": message, "offset": offset})


def not_yet(what: str, way_out: str) -> ValueError:
    """What to say of something that the grammar has and this version does not judge."""
    return ValueError(f"{what} is not judged by this version yet; {way_out}")


def resolved(info: ValidationInfo) -> bool:
    """Whether what is validated was written by a machine: nothing in it is left to render."""
    return info.context is RESOLVED


def _duration(value: Any, info: ValidationInfo) -> float:
    return units.parse_seconds(value) if resolved(info) else units.parse_duration(value)


def _url(value: str, info: ValidationInfo) -> str:
    if not value and resolved(info):
        return value
    try:
        parts = urlsplit(value)
        port_is_fine = parts.port is None or parts.port > 0
    except ValueError as error:
        raise ValueError(f"{value!r:.100} is no URL ({error}); write http://host:port") from error
    if parts.scheme not in ("http", "https") or not parts.hostname or not port_is_fine:
        raise ValueError(f"{value!r:.100} is no URL; write http://host:port or https://host/path")
    if parts.username is not None or parts.password is not None:
        raise ValueError(
            "a user or password cannot stand in a URL, which is stored with the run and shown in "
            "its evidence; for Prometheus use basicAuth with a passwordFile"
        )
    if not value.isprintable() or " " in value:
        raise ValueError(f"{value!r:.100} holds a blank or a control character; remove it")
    return value


def _headers(value: dict[str, str], info: ValidationInfo) -> dict[str, str]:
    for name, text in value.items():
        if not _TOKEN.fullmatch(name):
            raise ValueError(f"{name!r} is no header's name; use letters, digits and -")
        if name.lower() in SECRET_HEADERS and not resolved(info):
            raise ValueError(
                f"{name} is a secret, and an analysis is stored with its run and shown in its "
                "evidence; name a file instead (bearerTokenFile, basicAuth.passwordFile, or a "
                "webhook's secretFile)"
            )
        if not text.isprintable() or not text.isascii():
            raise ValueError(f"the value of {name} holds a character that no header can carry")
    return value


def _selector(value: str, info: ValidationInfo) -> str:
    if not resolved(info):
        _checked(value, rendering.places)
    masked = value if resolved(info) else rendering.mask(value)
    _checked(masked, promql.parse_matchers)
    for matcher in promql.parse_matchers(masked):
        if matcher.name == "__name__":
            raise ValueError(
                "a track's selector cannot name a metric; remove the matcher of __name__"
            )
    return value


def _query(value: str, info: ValidationInfo) -> str:
    if not value.strip():
        raise ValueError("an empty query; write PromQL")
    if not resolved(info):
        _checked(value, rendering.places)
    _checked(value if resolved(info) else rendering.mask(value), promql.check_brackets)
    return value


def _plain(value: str) -> str:
    _checked(value, rendering.places)
    return value


def _checked(text: str, check: Callable[[str], object]) -> None:
    try:
        check(text)
    except (promql.PromqlError, rendering.RenderingError) as error:
        raise at_offset(str(error), error.offset) from error


def _printable(value: str) -> str:
    if not value.isprintable():
        raise ValueError(f"{value!r:.100} holds a character that cannot be shown; remove it")
    return value


def _variable_value(value: Any) -> Any:
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if not isinstance(value, str):
        raise ValueError("a variable's value is a text; put it in quotes")  # noqa: TRY004
    return value


def _ratio(value: float) -> float:
    if not 0 < value <= 1e6:
        raise ValueError(f"{value:g} is no ratio canary / baseline; write one such as 1.25")
    return value


def _bound_value(value: Any) -> Any:
    if isinstance(value, str):
        if not value.endswith("%"):
            raise ValueError(
                f"{value!r:.60} is no bound; write a number in the metric's own unit, without "
                "quotes, or a share such as 5%"
            )
        units.parse_share(value)
        return value
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError("a bound is a number, or a share such as 5%")  # noqa: TRY004
    if not abs(value) <= LARGEST_BOUND:
        raise ValueError("must be a finite number")
    return float(value)


def one_of(value: object) -> str:
    """The tag, for a union of a short and a long form, of what was written."""
    return SHORT if isinstance(value, str) else LONG


SHORT = "(text)"
LONG = "(mapping)"

_DURATION_SCHEMA = {
    "type": "string",
    "pattern": units.DURATION_PATTERN,
    "minLength": 2,
    "examples": ["90s", "5m", "1h30m"],
}
_SHARE_SCHEMA = {
    "anyOf": [
        {"type": "number", "minimum": 0, "maximum": 1},
        {"type": "string", "pattern": r"^[0-9]+(\.[0-9]+)? ?%?$"},
    ],
    "examples": ["5%", 0.05],
}

_BOUND_SCHEMA = {
    "anyOf": [
        {"type": "number"},
        {"type": "string", "pattern": r"^[0-9]+(\.[0-9]+)? ?%$"},
    ],
    "examples": ["5%", 0.25],
}

Duration = Annotated[float, BeforeValidator(_duration), WithJsonSchema(_DURATION_SCHEMA)]
Share = Annotated[float, BeforeValidator(units.parse_share), WithJsonSchema(_SHARE_SCHEMA)]
BoundValue = Annotated[float | str, BeforeValidator(_bound_value), WithJsonSchema(_BOUND_SCHEMA)]
Name = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Za-z0-9]([A-Za-z0-9_.-]*[A-Za-z0-9])?$", max_length=128),
]
MetricName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]+$", max_length=128)]
OthersName = Annotated[
    str, StringConstraints(min_length=1, max_length=1000), AfterValidator(_printable)
]
LabelName = Annotated[str, StringConstraints(pattern=VARIABLE_PATTERN)]
VariableName = Annotated[str, StringConstraints(pattern=VARIABLE_PATTERN)]
VariableValue = Annotated[
    str,
    BeforeValidator(_variable_value),
    WithJsonSchema({"type": ["string", "integer"]}),
]
PlacedValue = Annotated[VariableValue, AfterValidator(_plain)]
Url = Annotated[str, AfterValidator(_url)]
Headers = Annotated[dict[str, str], AfterValidator(_headers)]
Selector = Annotated[str, AfterValidator(_selector)]
QueryText = Annotated[str, AfterValidator(_query)]
FilePath = Annotated[str, StringConstraints(min_length=1)]
Ratio = Annotated[float, AfterValidator(_ratio)]
Weight = Annotated[float, Field(gt=0, le=1e6)]
ListOf = Annotated[tuple[T, ...], Strict(False)]
