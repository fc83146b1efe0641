"""Numbers and objects of an evidence bundle's JSON, read with one clear error that names the place.

JSON knows no NaN and no infinity: they are the strings of `WORDS`. Not here: what the numbers are
(`sample_forms`, `recording`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from judge.errors import BundleError

WORDS = {"NaN": math.nan, "+Inf": math.inf, "-Inf": -math.inf}


def number(value: Any, place: str) -> float:
    """The number that ``value`` stands for. Raises BundleError naming ``place``."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value)
    if isinstance(value, str) and value in WORDS:
        return WORDS[value]
    raise BundleError(f"{place}: {value!r} is no number; write one, or one of {list(WORDS)}")


def written(value: float) -> float | str:
    """``value`` as JSON can hold it."""
    if math.isfinite(value):
        return value
    return "NaN" if math.isnan(value) else "+Inf" if value > 0 else "-Inf"


def mapping(value: Any, place: str) -> Mapping[str, Any]:
    """``value``, which must be an object. Raises BundleError naming ``place``."""
    if not isinstance(value, dict):
        found = "missing" if value is None else f"{type(value).__name__}"
        raise BundleError(f"{place}: is no object (found: {found})")
    return value
