"""The recorded demo: two rollouts that really happened, judged again in half a minute."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from judge.cli.demonstration.play import Played, Scene, play
from judge.cli.demonstration.server import DemoServer
from judge.lab.demo.analysis import analysis_document
from judge.lab.demo.clock import FastClock
from judge.lab.demo.recordings import RecordedSources, Recording


def play_recordings(
    recordings: Sequence[Recording], *, folder: Path, speed: float, console: Console
) -> list[Played]:
    """Judge the recordings, ``speed`` times as fast as they were recorded; ends with them."""
    clock, sources = FastClock(speed), RecordedSources()
    footer = f"recorded rollouts, played {speed:g} times as fast; Ctrl-C stops"
    with DemoServer(folder, sources=sources, clock=clock) as server:
        scenes = []
        for recording in recordings:
            begins = math.ceil(clock())
            sources.add(recording, started_at=begins)
            scenes.append(Scene(recording.title, _document(recording, server), begins))
        return play(server, scenes, console=console, footer=footer)


def _document(recording: Recording, server: DemoServer) -> dict[str, object]:
    analysis = recording.bundle.analysis
    return analysis_document(
        recording.name,
        app=analysis.labels["app"],
        prometheus=analysis.prometheus.address,
        schedule=recording.schedule,
        hooks=server.hooks,
    )
