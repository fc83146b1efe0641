"""Which series two sides of an operator meet in.

Owned here: `on` and `ignoring` between two sides of one series each. Not here: what comes of it
(`operations`).
"""

from __future__ import annotations

from collections.abc import Mapping

from promql_parser import BinModifier, LabelModifierType, VectorMatchCardinality


def on_nothing(modifier: BinModifier | None) -> bool:
    """Whether it says ``on()``: whatever the labels are, the sides meet."""
    matching = None if modifier is None else modifier.matching
    return (
        matching is not None and matching.type == LabelModifierType.Include and not matching.labels
    )


def matched(
    left: Mapping[str, str], right: Mapping[str, str], modifier: BinModifier | None
) -> Mapping[str, str] | None:
    """The labels of what two single series make together; None where they do not meet."""
    grouped = modifier is not None and modifier.card != VectorMatchCardinality.OneToOne
    if grouped and (left or right):
        return None
    matching = None if modifier is None else modifier.matching
    names = set(left) | set(right)
    if matching is not None:
        inside = matching.type == LabelModifierType.Include
        names = {one for one in names if (one in matching.labels) is inside}
    if any(left.get(one, "") != right.get(one, "") for one in names):
        return None
    return {one: value for one, value in left.items() if one in names}
