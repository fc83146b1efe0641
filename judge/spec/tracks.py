"""The tracks of an analysis: which there must be, their selectors and variables filled in.

Owned here: the checks of ``spec.tracks``. Not here: a selector's grammar (`promql`), a weight's
query (`weights`), what queries make of a track (`queries`).
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from typing import TypeVar

from judge.errors import Issue
from judge.spec import rendering, weights
from judge.spec.analysis import TracksWritten, TrackWritten
from judge.spec.promql import PromqlError, parse_matchers
from judge.spec.rendering import RenderingError
from judge.spec.resolved import BASELINE, CANARY, SHADOW, Track
from judge.spec.template_document import GIVEN
from judge.spec.written import Path, Written

T = TypeVar("T")

_AT: Path = ("spec", "tracks")


def by_role(baseline: T | None, canary: T | None, shadow: T | None) -> dict[str, T]:
    """What is given of the roles, by track name, the baseline first."""
    named = {BASELINE: baseline, CANARY: canary, SHADOW: shadow}
    return {name: one for name, one in named.items() if one is not None}


def present(tracks: TracksWritten) -> dict[str, TrackWritten]:
    """The tracks that are written, by name."""
    return by_role(tracks.baseline, tracks.canary, tracks.shadow)


def track_issues(tracks: TracksWritten, written: Written) -> list[Issue]:
    """What is wrong with the tracks as a whole."""
    issues = []
    found = present(tracks)
    if len(found) < 2:
        issues.append(written.issue(_AT, "nothing to compare; add a canary or a shadow"))
    for name, track in found.items():
        at = (*_AT, name)
        if weights.constant(track.weight) == 0:
            issues.append(written.issue((*at, "weight"), "must be more than 0; remove it"))
        if track.selector is None and not track.variables:
            message = "has no pods; add selector: 'app=\"...\"', or variables for the templates"
            issues.append(written.issue(at, message))
        issues += [
            written.issue(
                (*at, "variables", given), f"{given} is set by Judge; rename it", key=True
            )
            for given in sorted(GIVEN & track.variables.keys())
        ]
    if sum(weights.constant(track.weight) or 0 for track in found.values()) > 1 + 1e-9:
        issues.append(written.issue(_AT, "the weights add up to more than 100%; lower one"))
    return issues


def variables_of(
    tracks: TracksWritten, shared: Mapping[str, str], written: Written
) -> tuple[dict[str, dict[str, str]], list[Issue]]:
    """Each track's own variables, which may name the shared ones."""
    found: dict[str, dict[str, str]] = {}
    issues = []
    for track, one in present(tracks).items():
        found[track] = {}
        for name, text in one.variables.items():
            try:
                found[track][name] = rendering.render_plain(text, shared)
            except RenderingError as error:
                at = (*_AT, track, "variables", name)
                issues.append(written.issue(at, str(error), offset=error.offset))
    return found, issues


def resolved_tracks(
    tracks: TracksWritten,
    shared: Mapping[str, str],
    own: Mapping[str, Mapping[str, str]],
    written: Written,
    *,
    pod_label: str,
) -> tuple[dict[str, Track], list[Issue]]:
    """The tracks with their selectors and the queries of their weights filled in."""
    found: dict[str, Track] = {}
    issues: list[Issue] = []
    for name, track in present(tracks).items():
        at, variables = (*_AT, name), {**shared, **own[name]}
        selector, wrong = _selector(track, variables, written, (*at, "selector"))
        query = None
        if not wrong:
            variables |= {"track": name, "podLabel": pod_label}
            variables |= {rendering.SELECTOR: selector} if selector else {}
            query, wrong = weights.filled(track.weight, variables, written, (*at, "weight"))
        issues += wrong
        found[name] = Track(selector, weights.constant(track.weight), query)
    return found, issues


def _selector(
    track: TrackWritten, variables: Mapping[str, str], written: Written, at: Path
) -> tuple[str, list[Issue]]:
    selector = ""
    if not track.selector:
        return selector, []
    try:
        selector = rendering.render(track.selector, variables)
        parse_matchers(selector)
    except RenderingError as error:
        return selector, [written.issue(at, str(error), offset=error.offset)]
    except PromqlError as error:
        return selector, [written.issue(at, f"{error}, in {selector}")]
    return selector, []


def named(tracks: TracksWritten) -> frozenset[str]:
    """The variables that selectors, weights and the tracks' own variables name."""
    found: frozenset[str] = frozenset()
    for track in present(tracks).values():
        texts = [track.selector or "", *track.variables.values()]
        found = found.union(weights.named(track.weight), *map(rendering.names, texts))
    return found


def unused(tracks: TracksWritten, needed: Set[str], written: Written) -> list[Issue]:
    """A track's variable that nothing uses is misspelt, or belongs elsewhere."""
    issues = []
    for track, one in present(tracks).items():
        own = rendering.names(one.selector or "") | weights.named(one.weight)
        for name in one.variables.keys() - needed - own:
            message = f"nothing uses the variable {name}; {rendering.unknown(name, needed)}"
            issues.append(written.issue((*_AT, track, "variables", name), message, key=True))
    return issues
