"""Durations and shares as people write them.

Owned here: reading ``1h30m`` and ``5%``, writing a duration back, and the sentences that say what
is wrong with one. Promised: what cannot be read is a `UnitError` whose message says what to write
instead. Not here: which durations make sense for a field.
"""

from __future__ import annotations

import math
import re
from decimal import Decimal

MILLISECONDS = {"w": 604_800_000, "d": 86_400_000, "h": 3_600_000, "m": 60_000, "s": 1000, "ms": 1}
DURATION_PATTERN = r"^([0-9]+w)?([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?([0-9]+ms)?$"
LONGEST = 10 * 365 * 86_400.0
EXAMPLES = "write it as 90s, 5m, 1h30m or 500ms"

_PART = re.compile(r"([0-9]+)(ms|[wdhms])")
_DURATION = re.compile(DURATION_PATTERN)
_SHARE = re.compile(r"^([0-9]+(?:\.[0-9]+)?) ?(%?)$")


class UnitError(ValueError):
    """A text that is no duration or no share; the message says what to write instead."""


def parse_duration(value: object) -> float:
    """Seconds of a duration in text: units w, d, h, m, s, ms, each once, the largest first."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise UnitError(f"a duration is a text; {EXAMPLES}")
    if not isinstance(value, str):
        raise UnitError(f"{value!s:.40} has no unit; write {_suggestion(value)}")
    if re.fullmatch(r"[0-9]+", value):
        raise UnitError(f"{value!r:.60} has no unit; write {_suggestion(int(value[:12]))}")
    if not value or not _DURATION.fullmatch(value):
        raise UnitError(f"{value!r:.60} is not a duration; {EXAMPLES}")
    if len(value) > 40:
        raise UnitError("a duration of more than 40 characters; ten years is the longest")
    seconds = sum(int(n) * MILLISECONDS[unit] for n, unit in _PART.findall(value)) / 1000
    return _bounded(seconds)


def parse_seconds(value: object) -> float:
    """The same, and plain numbers of seconds too: what a machine writes."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        if not 0 <= value <= LONGEST:
            raise UnitError(f"{value!s:.40} is not a number of seconds from 0 to ten years")
        return float(value)
    return parse_duration(value)


def format_duration(seconds: float) -> str:
    """The shortest text that reads back as ``seconds``, rounded to a millisecond."""
    left = round(seconds * 1000)
    if not left:
        return "0s"
    parts = []
    for unit, size in MILLISECONDS.items():
        if unit in ("w", "d"):
            continue
        count, left = divmod(left, size)
        parts.append(f"{count}{unit}" if count else "")
    return "".join(parts)


def parse_share(value: object) -> float:
    """A share between 0 and 1, of ``5%`` or 0.05."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise UnitError("a share is a number; write it as 5% or 0.05")
    if isinstance(value, str):
        match = _SHARE.fullmatch(value)
        if match is None or len(value) > 40:
            raise UnitError(f"{value!r:.60} is not a share; write it as 5% or 0.05")
        share = float(Decimal(match[1]) / (100 if match[2] else 1))
    else:
        share = float(value) if abs(value) < 1e9 else math.inf
    if not 0 <= share <= 1:
        raise UnitError(f"{value!s:.40} is not between 0 and 1; write a share as 5% or 0.05")
    return share


def _suggestion(value: float) -> str:
    if not 0 < value <= LONGEST:
        return "it as 90s, 5m or 8h"
    return f"{format_duration(value)}, if seconds were meant"


def _bounded(seconds: float) -> float:
    if seconds > LONGEST:
        raise UnitError("longer than ten years; write a shorter duration")
    return seconds
