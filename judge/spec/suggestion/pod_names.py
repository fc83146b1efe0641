"""A regular expression of each track's pod names, for series that know pods by their names alone.

kube-state-metrics and cAdvisor know no labels of the application, so templates for their series
take the variable `pods` from each track. Promised: each expression matches all the pods that its
track has, and none of the other's. Not here: which pods are which track's (`tracks`).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

VARIABLE = "pods"
# Kubernetes leaves out vowels and what looks alike, so that a hash spells no word.
_RANDOM = "bcdfghjklmnpqrstvwxz2456789"
_DEPLOYMENT = re.compile(rf"(.+)-([{_RANDOM}]{{3,10}})-([{_RANDOM}]{{5}})")
_OTHER = re.compile(r"(.+)-([^-]+)")


@dataclass(frozen=True, slots=True)
class PodNames:
    """Expressions by track. ``lasting`` is False where the next release needs others."""

    baseline: str
    canary: str
    lasting: bool = True


def pod_names(
    baseline: Collection[str], canary: Collection[str], revisions: Mapping[str, str]
) -> PodNames | None:
    """Expressions that tell the pods of two tracks apart; None where a track has no pods.

    ``revisions`` are variables whose values may be a part of the names (a template's hash): their
    places are written instead, so that the next release needs no other expression.
    """
    if not baseline or not canary or set(baseline) & set(canary):
        return None
    by_workload = _workloads(baseline), _workloads(canary)
    if _apart(by_workload, baseline, canary):
        return PodNames(*by_workload)
    by_hash = _hashes(baseline), _hashes(canary)
    if _apart(by_hash, baseline, canary):
        placed = [_with_places(one, revisions) for one in by_hash]
        return PodNames(placed[0], placed[1], lasting=placed[0] != by_hash[0])
    return PodNames(_listed(baseline), _listed(canary), lasting=False)


def expected(baseline: Collection[str]) -> PodNames | None:
    """Expressions for a canary that is still to come, beside Deployments named as usual."""
    names = {found[1] for pod in baseline if (found := _DEPLOYMENT.fullmatch(pod))}
    if len(names) != 1:
        return None
    (name,) = names
    plain = re.sub(r"-(primary|stable|baseline)$", "", name)
    return PodNames(_workloads(baseline), f"{_literal(plain)}-canary-[^-]+-[^-]+", lasting=False)


def _workloads(pods: Iterable[str]) -> str:
    """By the names of the Deployments or StatefulSets alone."""
    return _either(_of_deployment(pod) or _of_other(pod) for pod in pods)


def _of_deployment(pod: str) -> str:
    found = _DEPLOYMENT.fullmatch(pod)
    return f"{_literal(found[1])}-[^-]+-[^-]+" if found else ""


def _of_other(pod: str) -> str:
    found = _OTHER.fullmatch(pod)
    return f"{_literal(found[1])}-[^-]+" if found else _literal(pod)


def _hashes(pods: Iterable[str]) -> str:
    """By the ReplicaSets: all but the last part of a name."""
    return _either(_of_other(pod) for pod in pods)


def _listed(pods: Iterable[str]) -> str:
    return _either(_literal(pod) for pod in pods)


def _either(patterns: Iterable[str]) -> str:
    return "|".join(sorted(set(patterns)))


def _apart(patterns: tuple[str, str], baseline: Iterable[str], canary: Iterable[str]) -> bool:
    of_baseline, of_canary = (re.compile(one) for one in patterns)
    return not any(of_canary.fullmatch(pod) for pod in baseline) and not any(
        of_baseline.fullmatch(pod) for pod in canary
    )


def _with_places(pattern: str, revisions: Mapping[str, str]) -> str:
    for name, value in revisions.items():
        pattern = pattern.replace(f"-{_literal(value)}-", f"-{{{{ {name} }}}}-")
    return pattern


def _literal(text: str) -> str:
    """``text`` as an expression matches it; pods' names hold nothing else that is special."""
    return text.replace(".", "\\.")
