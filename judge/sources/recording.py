"""Evidence bundles: what a run downloads as and what `judge replay` reads (judge-evidence/1).

Owned here: the JSON form of an interval's samples and of a bundle, and reading both with one
clear error that names the place. Recorded verdicts are never read: a bundle is judged from its
samples alone. Playing a bundle as if it were live is `recorded`'s.
"""

from __future__ import annotations

import gzip
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from judge.errors import BundleError, SpecError
from judge.sources.json_values import mapping, number
from judge.sources.sample_forms import reader, sample_document
from judge.spec.document import from_document, to_document
from judge.spec.resolved import Kind, ResolvedAnalysis
from judge.stats.samples import Absence, Interval, Pods, Samples

FORMAT = "judge-evidence/1"
LARGEST = 1 << 30  # bytes, unpacked: a gzip of zeros must not fill the memory
_GZIP = b"\x1f\x8b"


@dataclass(frozen=True, slots=True)
class Bundle:
    """A run's evidence: its analysis, the baseline's history before it, and its intervals."""

    analysis: ResolvedAnalysis
    history: tuple[Interval, ...]
    intervals: tuple[Interval, ...]


def read_bundle(path: Path) -> Bundle:
    """The bundle in a file, JSON or the same gzipped. Raises BundleError naming the place."""
    try:
        packed = path.read_bytes()
        data = _unpacked(packed) if packed.startswith(_GZIP) else packed
    except (OSError, EOFError, gzip.BadGzipFile) as exc:
        raise BundleError(f"{path}: cannot be read: {exc}") from exc
    try:
        return bundle_from(msgspec.json.decode(data))
    except msgspec.DecodeError as exc:
        raise BundleError(f"{path}: is not JSON: {exc}; give an evidence bundle") from exc
    except (BundleError, SpecError) as exc:
        raise BundleError(f"{path}: {exc}") from exc


def _unpacked(packed: bytes) -> bytes:
    import io
    import zlib

    with gzip.open(io.BytesIO(packed)) as file:
        try:
            data = file.read(LARGEST + 1)
        except zlib.error as exc:
            raise gzip.BadGzipFile(str(exc)) from exc
    if len(data) > LARGEST:
        raise gzip.BadGzipFile(f"unpacks to more than {LARGEST >> 20} MiB")
    return data


def bundle_from(document: Any) -> Bundle:
    """The bundle of a parsed JSON document. Raises BundleError or SpecError naming the place."""
    fields = mapping(document, "the bundle")
    if fields.get("format") != FORMAT:
        raise BundleError(f"format: {fields.get('format')!r} is not known; write {FORMAT!r}")
    if "analysis" not in fields:
        raise BundleError("analysis: is missing; a bundle carries its resolved analysis")
    if "intervals" not in fields:
        raise BundleError("intervals: is missing; there is nothing to judge")
    if not isinstance(fields["intervals"], list):
        raise BundleError("intervals: is no list; write one object an interval")
    looks = len(fields["intervals"]) or None
    analysis = from_document(mapping(fields["analysis"], "analysis"), looks=looks)
    judged = {metric.name: metric.kind for metric in analysis.metrics}
    return Bundle(
        analysis,
        _intervals(fields.get("history") or [], "history", judged),
        _intervals(fields["intervals"], "intervals", judged),
    )


def bundle_document(
    analysis: ResolvedAnalysis,
    history: Sequence[Interval],
    intervals: Sequence[Interval],
    verdicts: Sequence[Mapping[str, Any]] = (),
) -> dict[str, Any]:
    """The JSON form of a run's evidence."""
    return {
        "format": FORMAT,
        "analysis": to_document(analysis),
        "history": [interval_document(interval) for interval in history],
        "intervals": [interval_document(interval) for interval in intervals],
        "verdicts": list(verdicts),
    }


def interval_document(interval: Interval) -> dict[str, Any]:
    """The JSON form of an interval; infinities and NaN are strings."""
    written: dict[str, Any] = {
        "start": interval.start,
        "end": interval.end,
        "samples": {
            metric: {
                track: {pod: sample_document(sample) for pod, sample in pods.items()}
                for track, pods in tracks.items()
            }
            for metric, tracks in interval.samples.items()
        },
    }
    if interval.weights:
        written["weights"] = dict(interval.weights)
    if interval.absent:
        written["absent"] = {
            metric: {track: absence.value for track, absence in tracks.items()}
            for metric, tracks in interval.absent.items()
        }
    return written


def interval_from(
    document: Any, place: str = "interval", *, judged: Mapping[str, Kind] | None = None
) -> Interval:
    """The interval of its JSON form. Raises BundleError naming the place.

    Samples of metrics that are not among ``judged`` are left out, whatever they are; those of the
    others fit its kind.
    """
    fields = mapping(document, place)
    start = number(fields.get("start"), f"{place}.start")
    end = number(fields.get("end"), f"{place}.end")
    if not (math.isfinite(start) and math.isfinite(end) and start < end):
        raise BundleError(f"{place}: start {start} and end {end} are no interval; end comes later")
    samples = _samples(fields.get("samples"), f"{place}.samples", judged)
    weights = {
        track: number(weight, f"{place}.weights.{track}")
        for track, weight in mapping(fields.get("weights") or {}, f"{place}.weights").items()
    }
    return Interval(start, end, samples, weights, _absent(fields.get("absent") or {}, place))


def _samples(document: Any, place: str, judged: Mapping[str, Kind] | None) -> Samples:
    samples: dict[str, dict[str, Pods]] = {}
    for metric, tracks in mapping(document, place).items():
        if judged is not None and metric not in judged:
            continue
        read = reader(None if judged is None else judged[metric])
        at = f"{place}.{metric}"
        samples[metric] = {
            track: {
                pod: read(sample, f"{at}.{track}.{pod}")
                for pod, sample in mapping(pods, f"{at}.{track}").items()
            }
            for track, pods in mapping(tracks, at).items()
        }
    return samples


def _absent(document: Any, place: str) -> dict[str, dict[str, Absence]]:
    try:
        return {
            metric: {
                track: Absence(word)
                for track, word in mapping(tracks, f"{place}.absent.{metric}").items()
            }
            for metric, tracks in mapping(document, f"{place}.absent").items()
        }
    except ValueError as exc:
        known = ", ".join(repr(absence.value) for absence in Absence)
        raise BundleError(f"{place}.absent: {exc}; one of {known}") from exc


def _intervals(document: Any, place: str, judged: Mapping[str, Kind]) -> tuple[Interval, ...]:
    if not isinstance(document, list):
        raise BundleError(f"{place}: is no list; write one object an interval")
    intervals = tuple(
        interval_from(one, f"{place}[{i}]", judged=judged) for i, one in enumerate(document)
    )
    for i in range(1, len(intervals)):
        if intervals[i].start < intervals[i - 1].end:
            raise BundleError(
                f"{place}[{i}]: starts at {intervals[i].start}, before the one ahead of it ends; "
                "intervals follow each other, oldest first, and none counts twice"
            )
    return intervals
