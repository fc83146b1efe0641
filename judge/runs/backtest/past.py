"""The baseline's past, read once and in parts, whoever asks for which stretch of it.

Owned here: the parts, keeping the latest of them in memory, and leaving each on the disk where
there is a folder for them, so that a backtest that is resumed reads nothing twice. Raises whatever
`SourceError` the source raises. Not here: what is made of the intervals.
"""

from __future__ import annotations

import gzip
import json
import math
import os
from collections import OrderedDict
from dataclasses import replace
from pathlib import Path

from judge.errors import BundleError
from judge.sources.recording import interval_document, interval_from
from judge.sources.source import Source
from judge.spec.resolved import BASELINE, ResolvedAnalysis
from judge.stats.samples import Interval

PART = 360  # intervals that are read at once
_CLOSE = 1e-6


class Past:
    """The baseline's intervals on the grid that ends at ``until`` (Unix seconds)."""

    def __init__(
        self,
        analysis: ResolvedAnalysis,
        source: Source,
        *,
        until: float,
        folder: Path | None = None,
    ) -> None:
        self._analysis = analysis
        self._source = source
        self._until = until
        self._folder = folder
        self._parts: OrderedDict[int, list[Interval]] = OrderedDict()
        needed = (analysis.history + analysis.warmup) / analysis.interval + analysis.all_looks
        self._kept = math.ceil(needed / PART) + 2
        self._kinds = {metric.name: metric.kind for metric in analysis.metrics}

    def between(self, start: float, end: float) -> list[Interval]:
        """The intervals from ``start`` to ``end``, oldest first. Raises `SourceError`."""
        step = self._analysis.interval
        newest = round((self._until - end) / step)
        oldest = round((self._until - start) / step)
        return [self._interval(back) for back in reversed(range(newest, oldest))]

    def _interval(self, back: int) -> Interval:
        """The interval that ends ``back`` intervals before the end."""
        number, place = divmod(back, PART)
        return self._part(number)[PART - 1 - place]

    def _part(self, number: int) -> list[Interval]:
        if number in self._parts:
            self._parts.move_to_end(number)
            return self._parts[number]
        found = self._left(number)
        if found is None:
            found = self._read(number)
            self._leave(number, found)
        self._parts[number] = found
        while len(self._parts) > self._kept:
            self._parts.popitem(last=False)
        return found

    def _read(self, number: int) -> list[Interval]:
        step = self._analysis.interval
        begins = [self._until - (number * PART + PART - i) * step for i in range(PART + 1)]
        found = self._source.read(
            self._analysis,
            start=begins[0],
            end=begins[-1],
            step=step,
            tracks=[BASELINE],
            thorough=False,
        )
        if len(found) != PART:
            raise ValueError(f"asked for {PART} intervals, the source gave {len(found)}")
        return [
            replace(one, start=begins[i], end=begins[i + 1], weights={})
            for i, one in enumerate(found)
        ]

    def _file(self, number: int) -> Path | None:
        return None if self._folder is None else self._folder / f"{number:06d}.json.gz"

    def _left(self, number: int) -> list[Interval] | None:
        """What was read before; None where there is nothing, or nothing whole."""
        file = self._file(number)
        if file is None or not file.exists():
            return None
        try:
            documents = json.loads(gzip.decompress(file.read_bytes()))
            found = [interval_from(one, judged=self._kinds) for one in documents]
        except (OSError, EOFError, ValueError, BundleError):
            return None
        return found if len(found) == PART else None

    def _leave(self, number: int, found: list[Interval]) -> None:
        file = self._file(number)
        if file is None:
            return
        file.parent.mkdir(parents=True, exist_ok=True)
        written = file.with_suffix(".part")
        data = json.dumps([interval_document(one) for one in found], allow_nan=False)
        written.write_bytes(gzip.compress(data.encode(), compresslevel=1))
        os.replace(written, file)
