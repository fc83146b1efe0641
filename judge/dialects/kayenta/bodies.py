"""The bodies that start an execution, as Kayenta's callers write them.

Owned here: their fields, types and defaults, read as Kayenta reads them: null is a field that is
not there, a fraction of a whole number is cut off, unknown fields are ignored. A number in quotes
is refused. Not here: what must fit together (`requests`). Source: Kayenta a69573be.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Annotated, Any, TypeVar

from pydantic import BeforeValidator, Field, ValidationError

from judge.dialects.kayenta.config import KayentaDocument, Text
from judge.dialects.kayenta.instants import parse_instant
from judge.dialects.kayenta.schedule import MINUTE
from judge.errors import SpecError
from judge.spec.fields import ListOf
from judge.spec.problems import half_characters, issues_of
from judge.spec.units import LONGEST
from judge.spec.written import Written

M = TypeVar("M", bound=KayentaDocument)

_MOST_MINUTES = int(LONGEST / MINUTE)


def _number(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError("must be a number, without quotes")  # noqa: TRY004
    if not math.isfinite(value):
        raise ValueError("must be a finite number")
    return value


def _whole(value: Any) -> Any:
    return int(_number(value))


def _texts(value: Any) -> Any:
    """A parameter that is null has no value: it is as good as not there."""
    if not isinstance(value, dict):
        return value
    return {name: inner for name, inner in value.items() if inner is not None}


Number = Annotated[float, BeforeValidator(_number)]
Whole = Annotated[int, BeforeValidator(_whole)]
Score = Annotated[Number, Field(ge=0, le=100)]
Step = Annotated[Whole, Field(ge=1, le=int(LONGEST))]
Minutes = Annotated[Whole, Field(ge=0, le=_MOST_MINUTES)]
Offset = Annotated[Whole, Field(ge=-_MOST_MINUTES, le=_MOST_MINUTES)]
At = Annotated[float, BeforeValidator(parse_instant)]
Params = Annotated[dict[str, Text], BeforeValidator(_texts)]


class Thresholds(KayentaDocument):
    """From which scores on, 0 to 100, a canary passes or is marginal."""

    passing: Annotated[Score, Field(alias="pass")]
    """At or above it the canary passes."""
    marginal: Score
    """Below it, and in a standalone analysis at it too, the canary fails."""


class CanaryScope(KayentaDocument):
    """One side of a canary, and the stretch of time that is read of it."""

    scope: Text = ""
    """What `${scope}` is in templates."""
    location: Text = ""
    """What `${location}` is."""
    start: At
    """From when on it is read."""
    end: At
    """Until when; the value at the end belongs to it."""
    step: Step = 60
    """Seconds between two values."""
    extended_scope_params: Params = Field(default_factory=dict)
    """Further variables for templates."""


class ScopePair(KayentaDocument):
    """Both sides."""

    control_scope: CanaryScope
    """The baseline."""
    experiment_scope: CanaryScope
    """The canary."""


class CanaryRequest(KayentaDocument):
    """What `POST /canary/{canaryConfigId}` asks."""

    scopes: Annotated[dict[str, ScopePair], Field(min_length=1)]
    """The scopes that the configuration's metrics name."""
    thresholds: Thresholds
    """What the score decides."""
    metadata: ListOf[dict[str, Any]] = ()
    """Kept and given back."""
    site_local: dict[str, Any] = Field(default_factory=dict)
    """Kept and given back."""


class StandaloneScope(KayentaDocument):
    """Both sides of a canary; the times of the first scope are those of all."""

    scope_name: Text = "default"
    """What the configuration's metrics call it."""
    control_scope: Text = ""
    """What `${scope}` is for the baseline."""
    control_location: Text = ""
    """What `${location}` is for the baseline."""
    control_offset_in_minutes: Offset = 0
    """How much earlier the baseline is read."""
    experiment_scope: Text = ""
    """What `${scope}` is for the canary."""
    experiment_location: Text = ""
    """What `${location}` is for the canary."""
    start_time_iso: At | None = None
    """From when on it is read; default: now."""
    end_time_iso: At | None = None
    """Until when; with it all judgements are made at once."""
    step: Step = 60
    """Seconds between two values."""
    extended_scope_params: Params = Field(default_factory=dict)
    """Further variables for templates."""


class StandaloneRequest(KayentaDocument):
    """What `POST /standalone_canary_analysis/{canaryConfigId}` asks."""

    scopes: Annotated[ListOf[StandaloneScope], Field(min_length=1)]
    """The scopes that the configuration's metrics name."""
    thresholds: Thresholds
    """What each score, and the last, decides."""
    lifetime_duration_mins: Minutes | None = None
    """How long it is judged, where no end is given."""
    begin_after_mins: Minutes = 0
    """How long it waits before, where no end is given."""
    lookback_mins: Minutes = 0
    """How far each judgement looks back; 0: to the start."""
    analysis_interval_mins: Minutes | None = None
    """How often it is judged; default: once, at the end."""
    site_local: dict[str, Any] = Field(default_factory=dict)
    """Kept and given back."""


def read_body(model: type[M], body: Any, *, prefix: str = "") -> M:
    """``body`` (parsed JSON) as a ``model``.

    ``prefix`` stands before each path, as ``executionRequest.``. Raises `SpecError` with all that
    is wrong in fields.
    """
    written = Written(body, "")
    issues = list(half_characters(written))
    if not issues:
        try:
            return model.model_validate(body)
        except ValidationError as error:
            issues = issues_of(model, written, error)
    raise SpecError([replace(one, path=f"{prefix}{one.path}".rstrip(".")) for one in issues])
