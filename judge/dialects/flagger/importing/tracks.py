"""The tracks of an analysis that is made of a Canary.

Owned here: the primary as the baseline and the canary, by the variables that queries tell them
apart by. Promised: a track has the variables that are used, and no other. Not here: the queries.
"""

from __future__ import annotations

from collections.abc import Set
from typing import Any

from judge.dialects.flagger.importing.queries import PRIMARY, Names
from judge.spec.resolved import BASELINE, CANARY


def tracks_of(names: Names, uses: Set[str]) -> dict[str, dict[str, Any]]:
    """The tracks by name. Where no query needs a variable, they say which pods are meant."""
    return {track: _track(names, uses, track) for track in (BASELINE, CANARY)}


def _track(names: Names, uses: Set[str], track: str) -> dict[str, Any]:
    own = {name: value for name, value in names.of_track(track).items() if name in uses}
    if own:
        return {"variables": own}
    workload = names.target if track == CANARY else f"{names.target}{PRIMARY}"
    return {"selector": f'pod=~"{workload}-[0-9a-z]+-[0-9a-z]+"'}
