"""What callers send: the bodies of the POSTs, and how an analysis stands in them."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from judge.spec.units import parse_duration

LATEST = 253_402_300_800.0  # the year 10000


def _text(value: object) -> object:
    """A number as its text: variables are texts, and 5 is a natural way to write one."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    return value


def _duration(value: str) -> str:
    if parse_duration(value) <= 0:
        raise ValueError("a window of no length holds no interval; write 30m, say")
    return value


Variable = Annotated[str, BeforeValidator(_text)]


class _Request(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    analysis: str | dict[str, Any] = Field(
        description="The name of a stored analysis, or an analysis as a file has it, as JSON"
    )
    variables: dict[str, Variable] = Field(
        default_factory=dict, description="Values for what the analysis lists under inputs"
    )

    @model_validator(mode="before")
    @classmethod
    def _bare(cls, value: object) -> object:
        """An analysis by itself stands for a request for it."""
        return {"analysis": value} if isinstance(value, dict) and "kind" in value else value


class VerdictRequest(_Request):
    """Judge a finished window."""

    at: float | None = Field(
        None, ge=0, le=LATEST, description="End of the window, Unix seconds; default: just now"
    )
    lookback: Annotated[str, AfterValidator(_duration)] | None = Field(
        None, description="Length of the window, as 30m; default: the analysis's duration"
    )

    @property
    def seconds(self) -> float | None:
        """The window's length in seconds."""
        return None if self.lookback is None else parse_duration(self.lookback)


class RunRequest(_Request):
    """Start a run."""

    key: str | None = Field(
        None,
        min_length=1,
        max_length=1024,
        description="Names the rollout: the same key gets the run that it started before",
    )
    startedAt: float | None = Field(  # noqa: N815
        None, ge=0, le=LATEST, description="Start of the rollout, Unix seconds; default: now"
    )
