"""Pods under the eyes of a scraper: when they live, and what the scraper misses of them.

Owned here: turning a pod's lives into samples with the marks of staleness that Prometheus would
leave: at the scrape that no longer finds a series, unless the target gives its own timestamps.
Times are minutes since the run began.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from tests.verdict.missing.exporters import Exporter, Shown
from tests.verdict.missing.samples import STALE, Labels, Sample, Value

# On a whole hour, long ago: nothing here depends on the clock.
START = 1_699_999_200.0
SCRAPE = 15.0
Stretches = Sequence[tuple[float, float]]
ALWAYS = ((-math.inf, math.inf),)


@dataclass(frozen=True)
class Pod:
    """A pod, whose ``process`` is made anew at the beginning of each of its ``lives``.

    ``unscraped`` are the stretches in which scrapes fail; ``hidden`` those in which series with a
    label are left out; ``garbled`` those in which every value is another one. ``skew`` is by how
    many seconds its own timestamps are ahead; None where it gives none.
    """

    name: str
    process: Callable[[], Exporter]
    lives: Stretches = ALWAYS
    unscraped: Stretches = ()
    hidden: Mapping[tuple[str, str], Stretches] = field(default_factory=dict)
    garbled: Mapping[float, Stretches] = field(default_factory=dict)
    skew: float | None = None


def samples(
    pod: Pod, labels: Mapping[str, str], *, first: float, last: float, seed: str
) -> Iterator[Sample]:
    """What scrapes of ``pod`` between the minutes ``first`` and ``last`` store."""
    rng = np.random.default_rng(zlib.crc32(f"{seed}/{pod.name}".encode()))
    own = {**labels, "pod": pod.name}
    phase = float(rng.uniform(0, SCRAPE))
    life, process, before = None, None, dict[Labels, Value]()
    for tick in range(int((last - first) * 60 / SCRAPE)):
        now = first * 60 + tick * SCRAPE + phase
        lives = _stretch(now / 60, pod.lives)
        if lives != life:
            life, process = lives, None if lives is None else pod.process()
        if process is not None and life is not None:
            process.run(min(SCRAPE, now - life[0] * 60), now / 60, rng)
        found = {} if process is None else _seen(pod, process.shown(), now / 60)
        if pod.skew is None:
            yield from (_sample(gone, own, now, 0, STALE) for gone in before if gone not in found)
        yield from (_sample(name, own, now, pod.skew or 0, found[name]) for name in found)
        before = dict(found)


def _seen(pod: Pod, shown: Shown, minute: float) -> Shown:
    if _stretch(minute, pod.unscraped) is not None:
        return {}
    hidden = {label for label, when in pod.hidden.items() if _stretch(minute, when) is not None}
    values = [value for value, when in pod.garbled.items() if _stretch(minute, when) is not None]
    return {
        labels: values[0] if values else value
        for labels, value in shown.items()
        if hidden.isdisjoint(labels)
    }


def _sample(
    labels: Labels, own: Mapping[str, str], now: float, skew: float, value: Value
) -> Sample:
    whole = tuple(sorted((*labels, *own.items())))
    return Sample(START + now, whole, START + now + skew, value)


def _stretch(minute: float, stretches: Stretches) -> tuple[float, float] | None:
    return next((one for one in stretches if one[0] <= minute < one[1]), None)
