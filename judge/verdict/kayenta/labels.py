"""What Kayenta's judge says of one pair of arrays: its labels, and all that led to one.

Owned here: the values alone. Decided in `classification`, weighed in `scoring`.
"""

from __future__ import annotations

import enum
import math
from dataclasses import dataclass

from judge.stats.effect_sizes import Summary
from judge.stats.ranks import Shift


class Label(enum.StrEnum):
    """Kayenta's words for a metric."""

    PASS = "Pass"  # noqa: S105
    HIGH = "High"
    LOW = "Low"
    NODATA = "Nodata"
    NODATA_FAIL_METRIC = "NodataFailMetric"  # counts as failed: `mustHaveData`
    ERROR = "Error"

    @property
    def failed(self) -> bool:
        """Whether something was found, or what had to be there was missing."""
        return self in (Label.HIGH, Label.LOW, Label.NODATA_FAIL_METRIC)


@dataclass(frozen=True, slots=True)
class Classification:
    """What is said of one pair.

    ``reason`` is Kayenta's, "" where it gives none; in strict mode it may be ours. ``critical``:
    this alone makes the score 0. ``ratio`` is mean(canary) / mean(baseline), NaN where either is 0,
    None where it was not computed. ``effect`` is the effect size of the measure that was asked, NaN
    where it is not known, ``shift`` the interval of the shift, None where none was computed.
    ``experiment`` and ``control`` sum up what was compared. ``scarce``: both sides had values, but
    too few to tell anything (strict mode).
    """

    label: Label
    experiment: Summary
    control: Summary
    reason: str = ""
    critical: bool = False
    ratio: float | None = None
    effect: float = math.nan
    shift: Shift | None = None
    scarce: bool = False
