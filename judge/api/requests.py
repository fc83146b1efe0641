"""What callers send: the bodies of the POSTs, and how an analysis stands in them."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from judge.spec.units import parse_duration

SHORTEST_RENEWAL = 60.0  # seconds
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


def _renewal(value: str) -> str:
    if parse_duration(value) < SHORTEST_RENEWAL:
        raise ValueError(
            f"must be {SHORTEST_RENEWAL:g}s or more: who has lost the answer asks for it again"
        )
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
    renewAfter: Annotated[str, AfterValidator(_renewal)] | None = Field(  # noqa: N815
        None,
        description="With a key: start a new run where that one ended longer ago, as 10m",
    )

    @model_validator(mode="after")
    def _keyed(self) -> RunRequest:
        if self.renewAfter is not None and self.key is None:
            raise ValueError("renewAfter says when a key counts anew; give a key too")
        return self

    @property
    def renew_seconds(self) -> float | None:
        """After how many seconds a run that has ended is no longer its key's."""
        return None if self.renewAfter is None else parse_duration(self.renewAfter)
