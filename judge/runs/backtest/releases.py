"""Which rollouts there were: from the tracks' own pods, and from kube-state-metrics.

Owned here: telling a release from a scaling, as pure functions of when pods were seen and whose
they are. A canary that appears is a release. So is a ReplicaSet that gets pods while another one of
the same Deployment has some: a rolling update, in which both can be compared. Not here: asking
(`judge.sources`), judging (`rollouts`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from judge.sources.pod_owners import Owner
from judge.sources.pods_seen import GAP, Span

GIVEN = "given"
SAME = 300.0  # seconds within which two signs are signs of one rollout


@dataclass(frozen=True, slots=True)
class RollingUpdate:
    """New pods beside old ones: of which ReplicaSet, from when, and until when both were there."""

    at: float
    both_until: float
    replica_set: str
    new: frozenset[str]
    old: frozenset[str]


@dataclass(frozen=True, slots=True)
class Release:
    """A rollout that began at ``at`` (Unix seconds); ``found`` says by what it is known."""

    at: float
    found: str
    update: RollingUpdate | None = None

    @property
    def key(self) -> str:
        """What tells it from every other one of the same backtest."""
        return f"{self.at:.3f} {self.found}"


def rolling_updates(
    seen: Mapping[str, Sequence[Span]], owners: Mapping[str, Owner]
) -> list[RollingUpdate]:
    """The rolling updates of the pods that were ``seen``, oldest first."""
    by_set: dict[tuple[str, str], dict[str, Sequence[Span]]] = {}
    for pod, spans in seen.items():
        if pod in owners:
            owner = owners[pod]
            by_set.setdefault((_deployment(owner), owner.replica_set), {})[pod] = spans
    found = []
    for (deployment, name), pods in by_set.items():
        others = {
            pod: spans
            for (other, another), theirs in by_set.items()
            if other == deployment and another != name
            for pod, spans in theirs.items()
        }
        for alive in _together(span for spans in pods.values() for span in spans):
            update = _update(name, alive, pods, others, owners)
            if update is not None:
                found.append(update)
    return sorted(found, key=lambda one: (one.at, one.replica_set))


@dataclass(frozen=True, slots=True)
class Sighted:
    """What was seen of an analysis's pods: when, by track, and the rolling updates among them.

    ``owned``: kube-state-metrics told whose some of them are.
    """

    canary: Mapping[str, Sequence[Span]]
    baselines: Sequence[RollingUpdate]
    canaries: Sequence[RollingUpdate]
    owned: bool = True

    def canary_between(self, start: float, end: float) -> bool:
        """Whether a pod of the canary was there at some time between these."""
        return any(
            one.start < end and start < one.end for spans in self.canary.values() for one in spans
        )


def releases(
    given: Sequence[float], sighted: Sighted, *, start: float, end: float, find: bool
) -> list[Release]:
    """The rollouts to be judged, oldest first: those ``given``, and with ``find`` those found.

    What begins within `SAME` of another is that one.
    """
    found = [Release(at, GIVEN, _near(at, sighted.baselines)) for at in given]
    if find:
        appeared = _together(span for spans in sighted.canary.values() for span in spans)
        found += [
            Release(one.start, "the canary's pods appeared")
            for one in appeared
            if one.start - start > GAP  # else it had begun before
        ]
        found += [Release(one.at, _named(one)) for one in sighted.canaries]
        found += [Release(one.at, _named(one), one) for one in sighted.baselines]
    kept: list[Release] = []
    for one in sorted(found, key=lambda each: (each.found != GIVEN, each.at)):
        if start <= one.at < end and all(abs(one.at - other.at) > SAME for other in kept):
            kept.append(one)
    return sorted(kept, key=lambda one: one.at)


def _named(update: RollingUpdate) -> str:
    return f"ReplicaSet {update.replica_set} got pods"


def _update(
    name: str,
    alive: Span,
    pods: Mapping[str, Sequence[Span]],
    others: Mapping[str, Sequence[Span]],
    owners: Mapping[str, Owner],
) -> RollingUpdate | None:
    """The rolling update that a ReplicaSet's life ``alive`` began with; None where it was none."""
    old = {
        pod: span
        for pod, spans in others.items()
        for span in spans
        if span.start < alive.start <= span.end + GAP
    }
    if not old:
        return None
    new = {pod for pod, spans in pods.items() if any(_inside(one, alive) for one in spans)}
    created = [
        at
        for pod in new
        if (at := owners[pod].created) is not None and 0 <= alive.start - at <= SAME
    ]
    return RollingUpdate(
        at=min([*created, alive.start]),
        both_until=max(span.end for span in old.values()),
        replica_set=name,
        new=frozenset(new),
        old=frozenset(old),
    )


def _deployment(owner: Owner) -> str:
    """The Deployment; where nobody said, a ReplicaSet's name is its Deployment's and a hash."""
    return owner.deployment or owner.replica_set.rpartition("-")[0]


def _together(every: Iterable[Span]) -> list[Span]:
    """The stretches in which any of these was there."""
    found: list[Span] = []
    for one in sorted(every, key=lambda each: each.start):
        if found and one.start - found[-1].end <= GAP:
            found[-1] = Span(found[-1].start, max(found[-1].end, one.end))
        else:
            found.append(one)
    return found


def _inside(one: Span, alive: Span) -> bool:
    return alive.start <= one.start <= alive.end


def _near(at: float, updates: Sequence[RollingUpdate]) -> RollingUpdate | None:
    near = [one for one in updates if abs(one.at - at) <= 2 * GAP]
    return min(near, key=lambda one: abs(one.at - at)) if near else None
