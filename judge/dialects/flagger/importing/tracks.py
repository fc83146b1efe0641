"""The tracks of an analysis that is made of a Canary.

Owned here: the primary as the baseline and the canary, by the variables that queries tell them
apart by. Promised: a track has the variables that are used, and no other. Not here: the queries.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from typing import Any

from judge.dialects.flagger.importing.queries import PRIMARY, Names
from judge.spec.resolved import BASELINE, CANARY

FILL_IN = "CHANGE_ME"


def filled_in(inputs: Iterable[str]) -> dict[str, str]:
    """What stands for each variable that a caller sets, until it does; each its own."""
    return {name: f"{FILL_IN}_{name}" for name in inputs}


class Variables:
    """What tells the tracks of one Canary apart: its names, and what builtin metrics add."""

    def __init__(self, names: Names) -> None:
        self._names = names
        self._own = {track: names.of_track(track) for track in (BASELINE, CANARY)}

    def add(self, variables: Mapping[str, Mapping[str, str]]) -> None:
        """Further variables by track. Raises `ValueError` for a name with another value already."""
        for track, own in variables.items():
            for name, value in own.items():
                if self._own[track].setdefault(name, value) != value:
                    raise ValueError(f"{name} of the {track} is {value} and something else")

    def tracks(self, uses: Set[str]) -> dict[str, dict[str, Any]]:
        """The fields of the tracks, by name, where queries name the variables ``uses``.

        Where no query needs a variable they say which pods are meant.
        """
        return {track: self._track(track, uses) for track in self._own}

    def _track(self, track: str, uses: Set[str]) -> dict[str, Any]:
        own = {name: value for name, value in self._own[track].items() if name in uses}
        if own:
            return {"variables": own}
        target = self._names.target
        workload = target if track == CANARY else f"{target}{PRIMARY}"
        return {"selector": f'pod=~"{workload}-[0-9a-z]+-[0-9a-z]+"'}
