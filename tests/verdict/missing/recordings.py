"""The recordings as they lie in tests/recordings, made by `record`."""

from __future__ import annotations

import gzip
import json
from functools import cache
from pathlib import Path
from typing import Any

from judge.sources.recording import Bundle, bundle_from

FOLDER = Path(__file__).parents[2] / "recordings"


@cache
def bundles(name: str) -> dict[str, Bundle]:
    """A scenario's evidence, by release."""
    return {release: bundle_from(document) for release, document in documents(path(name)).items()}


def documents(file: Path) -> dict[str, Any]:
    """A recording's evidence bundles as JSON documents, by release."""
    found: dict[str, Any] = json.loads(gzip.decompress(file.read_bytes()))
    return found


def path(name: str) -> Path:
    """Where a scenario's recording is."""
    return FOLDER / f"{name}.json.gz"


def holes(name: str, release: str, track: str, metric: str = "error-rate") -> list[int]:
    """The intervals of a run in which no pod of ``track`` had a sample."""
    intervals = bundles(name)[release].intervals
    return [i for i, one in enumerate(intervals) if not one.samples.get(metric, {}).get(track)]


def pods(name: str, release: str, track: str, metric: str = "error-rate") -> list[set[str]]:
    """The pods of ``track`` that had a sample, by interval."""
    intervals = bundles(name)[release].intervals
    return [set(one.samples.get(metric, {}).get(track, {})) for one in intervals]
