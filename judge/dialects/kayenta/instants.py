"""Points in time as Kayenta reads and writes them: ISO 8601 with an offset, or Unix seconds.

Promises that what is written can be read back, to the millisecond. Not here: which times make
sense where (`requests`, `schedule`).
"""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime

LATEST = 253_402_300_799.0  # the end of the year 9999
EXAMPLE = "2018-12-17T20:56:39Z"

_ISO = re.compile(
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)", re.IGNORECASE | re.ASCII
)


def parse_instant(value: object) -> float:
    """Unix seconds of an ISO text or a number of seconds. Raises ValueError with what to write."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ValueError(f"must be a time; write it as {EXAMPLE}")  # noqa: TRY004
    seconds = _of_text(value) if isinstance(value, str) else float(value)
    if not math.isfinite(seconds) or not 0 <= seconds <= LATEST:
        raise ValueError("must lie between the years 1970 and 9999; as a number it is in seconds")
    return round(seconds, 3)


def instant_text(seconds: float) -> str:
    """The ISO text of Unix seconds, in UTC: without a fraction, or with three digits of it."""
    whole, milliseconds = divmod(millis(seconds), 1000)
    text = datetime.fromtimestamp(whole, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{text}.{milliseconds:03d}Z" if milliseconds else f"{text}Z"


def millis(seconds: float) -> int:
    """Milliseconds of Unix seconds."""
    return round(seconds * 1000)


def duration_text(seconds: float) -> str:
    """A length of time in ISO 8601, as ``PT1H30M``."""
    left, text = divmod(millis(seconds), 1000), "PT"
    hours, rest = divmod(left[0], 3600)
    minutes, whole = divmod(rest, 60)
    text += f"{hours}H" * bool(hours) + f"{minutes}M" * bool(minutes)
    if left[1]:
        text += f"{whole}.{left[1]:03d}".rstrip("0") + "S"
    elif whole or text == "PT":
        text += f"{whole}S"
    return text


def _of_text(text: str) -> float:
    if not _ISO.fullmatch(text):
        raise ValueError(f"{text!r:.60} is no time with an offset; write it as {EXAMPLE}")
    try:
        return datetime.fromisoformat(text.upper()).timestamp()
    except ValueError as exc:
        raise ValueError(f"{text!r:.60} is a time that never was; {exc}") from exc
