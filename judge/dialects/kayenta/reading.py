"""The door for canary configurations: a parsed body or a file in, a `CanaryConfig` out.

Promised: everything that is wrong is told at once, each with its field's path: what is wrong in a
field, and what does not fit together among those that are right. Not here: the checks themselves
(`config`, `checks`).
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from pydantic import ValidationError

from judge.dialects.kayenta.checks import Fault, faults, running_faults, storing_faults
from judge.dialects.kayenta.config import CanaryConfig
from judge.errors import Issue, SpecError
from judge.spec.problems import half_characters, issues_of, path_of
from judge.spec.written import Path, Written

_ROUNDS = 10


def read_config(doc: Any, *, stored: bool = False, prefix: str = "") -> CanaryConfig:
    """The configuration in a body that is parsed already.

    ``stored``: whether it is to be stored, so must be found again by its name and application.
    ``prefix`` stands before each path, as ``canaryConfig.``. Raises `SpecError`.
    """
    try:
        return config_of(Written(doc, ""), stored=stored)
    except SpecError as error:
        raise SpecError(
            [replace(one, path=f"{prefix}{one.path}".rstrip(".")) for one in error.issues]
        ) from error


def config_of(written: Written, *, stored: bool = False) -> CanaryConfig:
    """The configuration that was written. Raises `SpecError`."""
    config, issues, faulty = _sifted(written)
    found = [*faults(config), *(storing_faults(config) if stored else ())]
    issues += _issues(found, written, faulty)
    if issues:
        raise SpecError(issues)
    return config


def check_runnable(config: CanaryConfig, *, prefix: str = "") -> None:
    """Raises `SpecError` where no request could run ``config``, though it can be stored."""
    written = Written({}, "")
    found = [written.issue(path, message) for path, message in running_faults(config)]
    if found:
        raise SpecError([replace(one, path=f"{prefix}{one.path}") for one in found])


def _sifted(written: Written) -> tuple[CanaryConfig, list[Issue], set[Path]]:
    """What is well-formed of it, the issues with the rest, and where that stood.

    What is wrong is taken out until the rest is well-formed: the value, or where it cannot be left
    out what it stands in.
    """
    halves = list(half_characters(written))
    if halves:
        raise SpecError(halves)
    data: Any = copy.deepcopy(written.data)
    issues: list[Issue] = []
    faulty: set[Path] = set()
    for _ in range(_ROUNDS):
        try:
            return CanaryConfig.model_validate(data), issues, faulty
        except ValidationError as error:
            issues = issues or issues_of(CanaryConfig, written, error)
            if not isinstance(data, dict):
                break
            for path in map(path_of, error.errors(include_url=False)):
                while path in faulty and len(path) > 1:
                    path = path[:-1]
                faulty.add(path)
                _take_out(data, path)
    raise SpecError(issues)


def _take_out(data: Any, path: Path) -> None:
    """Put nothing at ``path``: null, or among a list's items an empty mapping."""
    for part in path[:-1]:
        if not isinstance(data, dict | list):
            return
        data = data[part]  # type: ignore[index]
    if isinstance(data, dict):
        data[path[-1]] = None
    elif isinstance(data, list):
        data[path[-1]] = {}  # type: ignore[index]


def _issues(found: Iterable[Fault], written: Written, faulty: set[Path]) -> Iterator[Issue]:
    """The faults as issues, but for those that only follow from a field that was taken out.

    Nothing is known of the query of another store than ours.
    """
    taken_out = faulty | {path[:-1] for path in faulty if path[-2:] == ("query", "type")}
    for path, message in found:
        if not any(path[: len(one)] == one or one[: len(path)] == path for one in taken_out):
            yield written.issue(path, message)
