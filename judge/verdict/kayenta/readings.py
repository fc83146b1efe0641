"""What the tracks of one metric have said so far: a run's intervals -> series by label set.

Owned here: that a point which two neighbouring intervals read counts once, as it was read last;
the window of a look; how many points a track should have had. Intervals are added one by one, in
their order, so that a run and its replay go through the same steps.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from judge.spec.resolved import Kind, Metric, Query
from judge.stats.arms import Array
from judge.stats.samples import Absence, Interval, Series
from judge.verdict.kayenta.pairing import TaggedValues, Tags
from judge.verdict.kayenta.values import value_of

UNREAD = frozenset({Absence.UNREACHABLE, Absence.PARTIAL, Absence.UNRELIABLE})
"""Why a track may lack values though it has some: the source said nothing that can be used."""
_MS = 1000.0


@dataclass(slots=True)
class TrackReadings:
    """The values of one track by label set and time (ms), and of each interval why it has none.

    Not thread-safe; `at` reads it at the last interval that was added.
    """

    metric: Metric
    track: str
    lookback: float = 0.0
    _found: dict[str, dict[int, float]] = field(default_factory=dict)
    _absent: list[tuple[int, int, Absence | None]] = field(default_factory=list)
    _begins: int = 0
    _ends: int = 0

    def add(self, interval: Interval) -> None:
        """Take in the next interval."""
        start = _ms(interval.start)
        self._begins = self._begins if self._absent else start
        self._ends = _ms(interval.end)
        there = self._series(interval) if self._is_series else self._value(interval, start)
        absence = interval.absent.get(self.metric.name, {}).get(self.track, Absence.NO_DATA)
        self._absent.append((start, self._ends, None if there else absence))

    def sides(self) -> list[TaggedValues]:
        """The label sets with values in the window, by name; one stand-in where there is none."""
        since = self._since()
        found = []
        for labels in sorted(self._found):
            values = self._counted(self._found[labels], since)
            if values.size:
                expected = len(values) if self._is_series and len(values) > 1 else 0
                found.append(TaggedValues(_tags(labels), values, expected))
        return found or [TaggedValues({}, expected=self._expected(since))]

    def unread(self) -> bool:
        """Whether there is no value because the source gave no usable answer."""
        since = self._since()
        looks = [why for _, end, why in self._absent if since is None or end > since]
        return bool(looks) and all(why in UNREAD for why in looks)

    @property
    def _is_series(self) -> bool:
        return self.metric.kind is Kind.SERIES

    @property
    def _query(self) -> Query:
        return self.metric.queries.get(self.track, {}).get("values", Query(""))

    def _since(self) -> int | None:
        """From when on values count (ms); None for all of them."""
        if self.lookback <= 0 or self._query.lasts is not None:
            return None
        return self._ends - _ms(self.lookback)

    def _expected(self, since: int | None) -> int:
        """How many points a source that was silent should have given."""
        if not self._is_series:
            return sum(1 for start, _, _ in self._absent if since is None or start >= since)
        lasts = self._query.lasts
        window = self._ends - (self._begins if since is None else since)
        seconds = window / _MS if lasts is None else lasts
        step = self._query.every or self._query.step
        return int(seconds // step) if step > 0 else 0

    def _counted(self, known: dict[int, float], since: int | None) -> Array:
        """The values of the window, oldest first."""
        times = sorted(known if since is None else (at for at in known if at >= since))
        every = _ms(self._query.every or 0.0)
        if every:
            begins = self._begins if since is None else since
            times = [at for at in times if (at - begins) % every == 0]
        return np.array([known[at] for at in times], dtype=float)

    def _series(self, interval: Interval) -> bool:
        there = False
        for labels, one in interval.samples.get(self.metric.name, {}).get(self.track, {}).items():
            if not isinstance(one, Series):
                continue
            known = self._found.setdefault(labels, {})
            for at, value in zip(one.at, one.values, strict=True):
                known[_ms(interval.start + at)] = value
                there = True
        return there

    def _value(self, interval: Interval, start: int) -> bool:
        value = value_of(self.metric, interval, self.track)
        if value is not None:
            self._found.setdefault("", {})[start] = value
        return bool(interval.samples.get(self.metric.name, {}).get(self.track))


def trailing_holes(intervals: Sequence[Interval]) -> int:
    """How many of the last intervals the source left without any usable answer."""
    for back, interval in enumerate(reversed(intervals)):
        reasons = {why for tracks in interval.absent.values() for why in tracks.values()}
        read = any(pods for tracks in interval.samples.values() for pods in tracks.values())
        if read or not reasons & UNREAD:
            return back
    return len(intervals)


def _tags(labels: str) -> Tags:
    """The labels of a series, written as JSON; any other name of it is a label of its own."""
    if not labels:
        return {}
    try:
        found = json.loads(labels)
    except ValueError:
        found = None
    if isinstance(found, dict):
        return {str(name): str(value) for name, value in found.items()}
    return {"series": labels}


def _ms(seconds: float) -> int:
    return round(seconds * _MS)
