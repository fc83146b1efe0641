"""The confidence sequence of each metric: what was said of it after every look, as lists.

Owned here: the JSON form, made of the JSON forms of the verdicts by look. The ends are those of
each look by itself. They hold at every look at once, so what all looks so far have in common holds
too; it is not what is listed, since it becomes empty when a regression begins late. At a look the
limit lies outside exactly where the evidence of that look has reached its threshold.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

FIELDS = ("estimate", "low", "high", "evidence")

Document = Mapping[str, Any]


def with_sequences(said: Document, told: Sequence[Document]) -> dict[str, Any]:
    """A verdict's document, each metric with its ``sequence`` out of those ``told`` by look.

    ``sequence[field]`` has a number or null for each look, the first at index 0.
    """
    whole = dict(said)
    whole["metrics"] = _with(said["metrics"], [one["metrics"] for one in told])
    if said.get("comparisons"):
        whole["comparisons"] = {
            track: {**one, "metrics": _with(one["metrics"], list(_of(told, track)))}
            for track, one in said["comparisons"].items()
        }
    return whole


def _of(told: Sequence[Document], track: str) -> Iterator[Document]:
    """The metrics of a track after each look; none where it was not there yet."""
    for one in told:
        yield one.get("comparisons", {}).get(track, {}).get("metrics", {})


def _with(metrics: Document, told: Sequence[Document]) -> dict[str, Any]:
    return {
        name: {
            **metric,
            "sequence": {
                field: [look.get(name, {}).get(field) for look in told] for field in FIELDS
            },
        }
        for name, metric in metrics.items()
    }
