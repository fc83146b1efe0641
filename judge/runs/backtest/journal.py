"""What a backtest has found so far, in a file: a line a piece, so that it can be gone on with.

Owned here: the file's form, whose it is, and what is left of a line that a kill cut short. A file
belongs to one analysis with one set of options; another's is refused. One process at a time has it.
The samples that were read lie in a folder beside it (`past`).
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

import msgspec

from judge.errors import SettingsError
from judge.runs.backtest.results import RolloutResult, WindowResult
from judge.runs.backtest.windows import Plan
from judge.spec.document import to_document
from judge.spec.resolved import ResolvedAnalysis

FORMAT = "judge-backtest/1"
_BEGINNING = json.dumps({"format": FORMAT})[:-1].encode()


def fingerprint(analysis: ResolvedAnalysis, options: dict[str, Any]) -> str:
    """What makes two backtests the same one: 16 hexadecimal digits."""
    said = json.dumps([to_document(analysis), options], sort_keys=True)
    return hashlib.sha256(said.encode()).hexdigest()[:16]


class Journal:
    """The file at ``path``, or none at all (None); use it in a ``with``.

    ``windows`` and ``rollouts`` are the pieces that are there, ``plan`` what the backtest that
    began it goes over (None where it is new).
    """

    def __init__(self, path: Path | None, mark: str) -> None:
        self._path = path
        self._mark = mark
        self._file: IO[bytes] | None = None
        self.plan: Plan | None = None
        self.windows: dict[int, WindowResult] = {}
        self.rollouts: dict[str, RolloutResult] = {}

    def __enter__(self) -> Self:
        """Open and read it. Raises `SettingsError` where that cannot be, or it is another's."""
        if self._path is None:
            return self
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            if self._path.exists() and not self._path.is_file():
                raise SettingsError(
                    f"{self._path} cannot be written: it is no file; give another with --state FILE"
                )
            self._file = self._path.open("a+b")
        except OSError as exc:
            raise SettingsError(
                f"{self._path} cannot be written: {exc.strerror}; give another with --state FILE"
            ) from exc
        try:
            self._lock()
            self._read()
        except BaseException:
            self._file.close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._file is not None:
            self._file.close()
            if self.plan is None:  # nothing was begun
                self.remove()

    @property
    def folder(self) -> Path | None:
        """Where the samples that were read may be left."""
        return None if self._path is None else self._path.with_name(f"{self._path.name}.samples")

    def begin(self, plan: Plan) -> None:
        """Write down what is gone over. To be called once, on a new file."""
        self.plan = plan
        self._write({"format": FORMAT, "mark": self._mark, "plan": asdict(plan)})

    def add_window(self, one: WindowResult) -> None:
        """Keep a window's piece."""
        self.windows[one.index] = one
        self._write({"window": msgspec.to_builtins(one)})

    def add_rollout(self, key: str, one: RolloutResult) -> None:
        """Keep a rollout's piece."""
        self.rollouts[key] = one
        self._write({"rollout": key, "said": msgspec.to_builtins(one)})

    def forget_samples(self) -> None:
        """Take the samples away: everything is found."""
        if self.folder is not None:
            shutil.rmtree(self.folder, ignore_errors=True)

    def remove(self) -> None:
        """Take the file away."""
        if self._path is not None:
            self._path.unlink(missing_ok=True)

    def _lock(self) -> None:
        if self._file is None:
            return
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as exc:
            raise SettingsError(
                f"{self._path}: another backtest is writing it; wait for it, or give another file"
            ) from exc

    def _write(self, piece: dict[str, Any]) -> None:
        if self._file is None:
            return
        try:
            self._file.write(json.dumps(piece, allow_nan=False).encode() + b"\n")
            self._file.flush()
            os.fsync(self._file.fileno())
        except OSError as exc:
            raise SettingsError(
                f"{self._path} cannot be written: {exc.strerror}; give another with --state FILE"
            ) from exc

    def _read(self) -> None:
        file = self._file
        if file is None:
            return
        file.seek(0)
        data = file.read()
        if not (data.startswith(_BEGINNING) or _BEGINNING.startswith(data)):
            raise SettingsError(
                f"{self._path}: is no state of a backtest; give another file with --state"
            )
        whole = data[: data.rfind(b"\n") + 1]
        if len(whole) < len(data):  # what a kill cut short is written again
            file.truncate(len(whole))
        lines = whole.splitlines()
        if not lines:
            return
        try:
            self._head(json.loads(lines[0]))
            for line in lines[1:]:
                self._piece(json.loads(line))
        except (ValueError, KeyError, TypeError, msgspec.ValidationError) as exc:
            raise SettingsError(
                f"{self._path}: is no state of a backtest ({exc}); give another file, or remove it"
            ) from exc

    def _head(self, head: dict[str, Any]) -> None:
        if head["format"] != FORMAT:
            raise ValueError(f"format {head['format']!r}, not {FORMAT!r}")
        if head["mark"] != self._mark:
            raise SettingsError(
                f"{self._path}: belongs to another analysis or other options; give another file "
                "with --state, or remove it to begin anew"
            )
        self.plan = msgspec.convert(head["plan"], Plan)

    def _piece(self, piece: dict[str, Any]) -> None:
        if "window" in piece:
            window = msgspec.convert(piece["window"], WindowResult)
            self.windows[window.index] = window
        else:
            self.rollouts[piece["rollout"]] = msgspec.convert(piece["said"], RolloutResult)
