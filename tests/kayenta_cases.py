"""The literal cases of Kayenta: what it was given and what it said.

The numbers and outcomes are Kayenta's own (Apache-2.0; the file names its source). The words
"NaN", "+Inf" and "-Inf" come out as floats; everything else is as it stands in the file.
"""

from __future__ import annotations

import functools
import json
import math
from pathlib import Path
from typing import Any

import pytest

Case = dict[str, Any]

_FILE = Path(__file__).parent / "data" / "kayenta-cases.json"
_WORDS = {"NaN": math.nan, "+Inf": math.inf, "-Inf": -math.inf}


def cases(*kinds: str) -> list[Case]:
    """Every case of these kinds, in the file's order; of every kind where none is named.

    Raises KeyError for a kind that the file does not have, so that no test runs on nothing.
    """
    found = [case for case in _all() if not kinds or case["kind"] in kinds]
    missing = set(kinds) - {case["kind"] for case in found}
    if missing:
        raise KeyError(f"no case of kind {', '.join(sorted(missing))} in {_FILE.name}")
    return found


def parametrized(*kinds: str) -> pytest.MarkDecorator:
    """``@parametrized("score")``: the test's ``case`` runs over the cases, by their ids."""
    found = cases(*kinds)
    return pytest.mark.parametrize("case", found, ids=[case["id"] for case in found])


@functools.cache
def _all() -> list[Case]:
    document = json.loads(_FILE.read_text())
    return [_with_floats(case) for case in document["cases"]]


def _with_floats(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _with_floats(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_with_floats(inner) for inner in value]
    return _WORDS.get(value, value) if isinstance(value, str) else value
