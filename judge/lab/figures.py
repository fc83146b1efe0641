"""What judging costs: CPU and memory of a replay, beside something known on the same machine.

Seconds differ between machines, so every figure comes with the CPU that merely reading the same
files with the standard library's json takes here and now.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from judge.errors import JudgeError
from judge.lab.bundles import write_bundles
from judge.lab.judging_cost import JudgingCost
from judge.lab.look_cost import LookCost
from judge.lab.ranks_cost import RanksCost

BUNDLES = 1000
CPU_SECONDS = 60.0
MEGABYTES = 300.0
_KILOBYTES_PER_RSS = 1.0 / 1024.0 if sys.platform == "darwin" else 1.0


@dataclass(frozen=True, slots=True)
class ReplayCost:
    """``judge replay`` of ``bundles`` bundles in one process.

    ``cpu`` seconds, user and system, with the interpreter's start; ``peak`` resident megabytes;
    ``json`` CPU seconds of reading the same files with `json.load`.
    """

    bundles: int
    cpu: float
    peak: float
    json: float

    @property
    def ratio(self) -> float:
        """The replay's CPU over that of reading the files."""
        return self.cpu / self.json

    def __str__(self) -> str:
        return (
            f"replay of {self.bundles} bundles (60 + 120 intervals, 10 pods, error counts): "
            f"{self.cpu:.1f} s of CPU (to reach: under {CPU_SECONDS:g} s), {self.ratio:.1f} times "
            f"what json.load of the same files takes ({self.json:.1f} s); peak {self.peak:.0f} MB "
            f"(to reach: under {MEGABYTES:g} MB)"
        )


def replay_cost(*, bundles: int | None = None, seed: int = 1) -> ReplayCost:
    """Write bundles to a temporary folder and replay them in a process of its own.

    Raises JudgeError where the replay fails, with what it said.
    """
    bundles = bundles or BUNDLES
    with tempfile.TemporaryDirectory(prefix="judge-lab-") as name:
        folder = Path(name)
        write_bundles(folder, bundles, rng=np.random.default_rng(seed))
        cpu, peak = measured([sys.executable, "-m", "judge", "replay", name, "--output", "json"])
        return ReplayCost(bundles, cpu, peak, _reading(folder))


def document(
    replay: ReplayCost, look: LookCost, judging: JudgingCost, *ranks: RanksCost
) -> dict[str, Any]:
    """The JSON form; seconds, megabytes, and milliseconds for a look, judging and ranks."""
    return {
        "replay": {**asdict(replay), "ratio": replay.ratio},
        "look": asdict(look),
        "judging": {**asdict(judging), "ratio": judging.ratio},
        "ranks": [asdict(one) for one in ranks],
    }


def measured(command: list[str]) -> tuple[float, float]:
    """CPU seconds and peak megabytes of a command; its output is thrown away.

    Raises JudgeError, with the end of what it said, where it fails.
    """
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=said)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            said.seek(0)
            raise JudgeError(
                f"{' '.join(command)} ended with {process.returncode}: {_end(said.read())}"
            )
    return used.ru_utime + used.ru_stime, used.ru_maxrss * _KILOBYTES_PER_RSS / 1024.0


def _end(said: bytes) -> str:
    return said.decode(errors="replace").strip()[-500:]


def _reading(folder: Path) -> float:
    begun = time.process_time()
    for path in folder.iterdir():
        with path.open() as file:
            json.load(file)
    return time.process_time() - begun
