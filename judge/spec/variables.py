"""The variables that a whole analysis shares: its own, its callers' and those of its metadata.

Owned here: which there are, who may set them, and which of them nothing uses. Not here: a metric's
and a track's own (`queries`, `tracks`), filling them in (`rendering`).
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from difflib import get_close_matches

from judge.errors import Issue
from judge.spec import rendering
from judge.spec.analysis import AnalysisWritten, SpecWritten
from judge.spec.template_document import GIVEN
from judge.spec.units import format_duration
from judge.spec.written import Written


def shared(
    model: AnalysisWritten, caller: Mapping[str, str], namespace: str | None
) -> dict[str, str]:
    """The variables by name; what the caller may set goes before what the analysis sets.

    ``namespace`` is whose the analysis is, None where nobody says.
    """
    metadata, spec = model.metadata, model.spec
    given = {"metadata.name": metadata.name, "interval": format_duration(spec.interval)}
    given |= {f"metadata.labels.{name}": text for name, text in metadata.labels.items()}
    if namespace:
        given |= {"metadata.namespace": namespace, "namespace": namespace}
    allowed = {name: text for name, text in caller.items() if name in spec.inputs}
    return {**given, **spec.variables, **allowed}


def shared_issues(spec: SpecWritten, caller: Mapping[str, str], written: Written) -> list[Issue]:
    """Variables that only Judge sets, and those that the caller may not."""
    issues = [
        written.issue(
            ("spec", "variables", name), f"{name} is set by Judge; rename the variable", key=True
        )
        for name in dict.fromkeys([*spec.variables, *spec.inputs])
        if name in GIVEN
    ]
    known = spec.inputs
    issues += [
        written.issue(
            ("spec", "inputs"),
            f"a caller cannot set the variable {name}; add it to inputs "
            f"({rendering.unknown(name, known)})",
        )
        for name in caller
        if name not in known
    ]
    return issues


def unused(
    spec: SpecWritten, needed: Set[str], written: Written
) -> tuple[list[Issue], tuple[Issue, ...]]:
    """Variables that nothing uses: those that look misspelt, and those that are worth a notice."""
    issues, notices = [], []
    for name in spec.variables.keys() - needed:
        path = ("spec", "variables", name)
        close = get_close_matches(name, needed - spec.variables.keys(), n=1, cutoff=0.8)
        if close:
            message = f"nothing uses the variable {name}; did you mean {close[0]}?"
            issues.append(written.issue(path, message, key=True))
        else:
            notices.append(written.issue(path, f"nothing uses the variable {name}", key=True))
    return issues, tuple(sorted(notices, key=lambda notice: (notice.line, notice.path)))
