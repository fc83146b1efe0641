"""The recorded rollouts that are shipped: where they are, what they are, how they are played.

They are of the live demo's application under its load, scraped by a real Prometheus; the daemon
judged them from that Prometheus's storage, and these are its evidence bundles. Owned here: reading
them, and giving each run the recording that is meant for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from judge.lab.demo.analysis import Schedule
from judge.sources.recorded import RecordedSource
from judge.sources.recording import Bundle, read_bundle
from judge.sources.source import Source
from judge.spec.resolved import ResolvedAnalysis
from judge.verdict.verdict import Outcome

FOLDER = Path(__file__).parent.parent / "recordings"


@dataclass(frozen=True, slots=True)
class Recording:
    """A rollout as it was recorded, and the verdict that is right for it."""

    name: str
    title: str
    expected: Outcome
    bundle: Bundle

    @property
    def schedule(self) -> Schedule:
        """When it was looked at."""
        analysis = self.bundle.analysis
        return Schedule(analysis.interval, analysis.duration, analysis.history)


def recordings(folder: Path = FOLDER) -> list[Recording]:
    """The shipped recordings, the bad release first."""
    return [
        Recording(name, title, expected, read_bundle(folder / f"{name}.json.gz"))
        for name, title, expected in (
            ("bad-release", "bad release: four times the errors", Outcome.FAIL),
            ("good-release", "good release", Outcome.PASS),
        )
    ]


class RecordedSources:
    """Gives an analysis the recording of its name."""

    def __init__(self) -> None:
        self._sources: dict[str, Source] = {}

    def add(self, recording: Recording, *, started_at: float) -> None:
        """Have the run of this name read the recording, begun at ``started_at``."""
        self._sources[recording.name] = RecordedSource(recording.bundle, started_at=started_at)

    def __call__(self, analysis: ResolvedAnalysis) -> Source:
        """The source of an analysis's numbers."""
        return self._sources[analysis.name]
