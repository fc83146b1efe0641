"""What an operator sets: one frozen value, read once when the daemon starts.

Owns the names, units, defaults and reasons of every setting, and where each may be written: a
flag, else an environment variable (``JUDGE_PORT``), else the settings file (YAML), else the
default. Promises that a value that cannot be used is a `SettingsError` that names the setting, the
place that it came from and what would do. What an analysis says of itself is not here.
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, SettingsConfigDict
from pydantic_settings import SettingsError as UnreadableVariable
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from judge.errors import SettingsError

PREFIX = "JUDGE_"
SECRETIVE = frozenset({"database", "prometheus"})  # may hold a password: never repeated


class Settings(BaseSettings):
    """Everything that can be set. Read it with `read_settings`."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_ignore_empty=True, frozen=True, extra="forbid"
    )

    host: str = Field(
        "127.0.0.1",
        min_length=1,
        description="Address to listen on. Loopback, because without a token file whoever reaches "
        "the port may do everything; any other address needs a token file.",
    )
    port: int = Field(
        8080,
        ge=0,
        le=65535,
        description="TCP port to listen on; 0 takes any free one.",
    )
    database: str = Field(
        "sqlite:///judge.db",
        min_length=1,
        description="Where runs are kept, as an SQLAlchemy URL. One file beside the process needs "
        "no server; several replicas share one PostgreSQL.",
    )
    token_file: Path | None = Field(
        None,
        description="YAML file of the bearer tokens that are let in (name, hash, role, "
        "namespaces); reread when it changes. None: no tokens, and loopback only.",
    )
    analyses: Path | None = Field(
        None,
        description="Folder of stored analyses, each called by its file's name without .yaml, "
        ".yml or .json; read at each use, so that a new one needs no restart. None: there are "
        "none.",
    )
    prometheus: dict[str, dict[str, Any]] = Field(
        default_factory=dict,
        description="Prometheus servers by name, each as an analysis writes its own under "
        "spec.prometheus; an analysis then gives the name alone, and credentials stay here.",
    )
    metrics_open: bool = Field(
        False,
        description="Whether /metrics answers without a token. Off, because labels name the "
        "analyses; on for a scraper that has no token.",
    )
    log_format: Literal["text", "json"] = Field(
        "text", description="How log lines are written: text for a person, json for a collector."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="The least severe log line that is written."
    )
    max_body: int = Field(
        1_048_576,
        ge=1024,
        description="Bytes that the body of a request may have. An analysis has a few kB; a "
        "bound keeps one request from taking the memory of all.",
    )
    looks: int = Field(
        4,
        ge=1,
        le=256,
        description="Runs that are looked at at once; each holds a thread while Prometheus "
        "answers.",
    )
    remembered: int = Field(
        1000,
        ge=0,
        le=100_000,
        description="Runs under way whose calibration and samples are kept in memory between "
        "looks, 1 to 2 MB each with ten pods and five metrics. Each look of a run beyond that "
        "reads and calibrates anew, half a second of CPU.",
    )
    verdict_workers: int = Field(
        2,
        ge=1,
        le=64,
        description="Verdicts over a finished window that are computed at once; each holds a "
        "thread while Prometheus answers. Twice as many more may wait, the rest is told to "
        "come back.",
    )
    kayenta_strict: bool = Field(
        False,
        description="Whether what Kayenta's callers start is judged strictly, without the holes of "
        "Kayenta's judge, where they do not say strict themselves. Off: the same scores as "
        "Kayenta's.",
    )
    drain: float = Field(
        20.0,
        ge=0,
        le=3600,
        description="Seconds that open requests and looks have to finish after SIGTERM; less "
        "than the 30 s that Kubernetes waits before it kills.",
    )


def read_settings(
    *, flags: Mapping[str, object] | None = None, config: Path | None = None
) -> Settings:
    """The settings from ``flags``, the environment, the file ``config``, and the defaults.

    Flags that are None were not given. ``config`` falls back to ``JUDGE_CONFIG``. Raises
    `SettingsError` naming every setting that cannot be used.
    """
    given = {name: value for name, value in (flags or {}).items() if value is not None}
    path = config or (Path(os.environ["JUDGE_CONFIG"]) if os.environ.get("JUDGE_CONFIG") else None)
    file = _read_file(path) if path else {}
    origins = _Origins(given, path, file)
    written = {name: value for name, value in file.items() if not origins.in_environment(name)}
    try:
        return Settings(**{**written, **given})  # type: ignore[arg-type]
    except ValidationError as exc:
        raise SettingsError("\n".join(origins.explain(error) for error in exc.errors())) from exc
    except UnreadableVariable as exc:
        raise SettingsError(f"{PREFIX}PROMETHEUS: must be a JSON object by server name") from exc


class _Origins:
    """Where each setting was written, to say so when it cannot be used."""

    def __init__(
        self, flags: Mapping[str, object], path: Path | None, file: Mapping[str, object]
    ) -> None:
        self._flags = flags
        self._path = path
        self._file = file
        self._variables = {name.upper() for name, value in os.environ.items() if value}

    def in_environment(self, name: str) -> bool:
        return f"{PREFIX}{name.upper()}" in self._variables

    def explain(self, error: ErrorDetails) -> str:
        """One line: the place, what is wrong with the value, and what the setting is."""
        name = str(error["loc"][0])
        inside = "".join(f".{part}" for part in error["loc"][1:])
        if error["type"] == "extra_forbidden":
            return f"{self._place(name)}: there is no such setting; {_closest(name)}"
        about = Settings.model_fields[name]
        was = "" if name in SECRETIVE else f", but it is {error['input']!r}"
        return (
            f"{self._place(name)}{inside}: {error['msg']}{was}. "
            f"{name}: {about.description} Default: {about.get_default(call_default_factory=True)}"
        )

    def _place(self, name: str) -> str:
        if name in self._flags:
            return "--" + name.replace("_", "-")
        if self.in_environment(name):
            return f"{PREFIX}{name.upper()}"
        line, column = _position(self._file, name)
        return f"{self._path}:{line}:{column}: {name}"


def _read_file(path: Path) -> Mapping[str, object]:
    """The mapping in the settings file; its keys know their lines."""
    try:
        document = YAML().load(path.read_text(encoding="utf-8"))
    except OSError as exc:
        raise SettingsError(f"{path}: cannot read the settings file: {exc.strerror}") from exc
    except (YAMLError, UnicodeDecodeError) as exc:
        raise SettingsError(f"{path}: the settings file is no YAML: {exc}") from exc
    if document is None:
        return {}
    if not isinstance(document, dict) or not all(isinstance(name, str) for name in document):
        raise SettingsError(f"{path}: the settings file must be a mapping, one setting a line")
    return document


def _position(file: Mapping[str, object], name: str) -> tuple[int, int]:
    line, column = file.lc.key(name)  # type: ignore[attr-defined]
    return line + 1, column + 1


def _closest(name: str) -> str:
    near = difflib.get_close_matches(name, Settings.model_fields, n=1)
    if near:
        return f"did you mean {near[0]}?"
    return "there are " + ", ".join(sorted(Settings.model_fields))
