"""What a compressed service is like: its traffic, its trouble, and the lives of its pods."""

from __future__ import annotations

from dataclasses import dataclass

BOUNDS = (0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.5, 1.0)  # seconds; 1.2 to 2 times apart


@dataclass(frozen=True, slots=True)
class Spells:
    """Something that begins about ``every`` minutes and lasts about ``lasting``, both at random."""

    every: float
    lasting: float


@dataclass(frozen=True, slots=True)
class ServiceLaw:
    """A service; times in its own minutes.

    ``requests`` a second over all pods, with a daily ``rhythm`` of that amplitude; a share
    ``errors`` of them fails. A pod's error rate wanders by ``own_sd`` with a memory of ``memory``,
    all pods' together by ``shared_sd``; pods differ for ever by ``lasting_sd`` (log-sds). In
    ``incidents`` of its own a pod has ``factor`` times the errors; in ``shared`` ones all have.

    A pod lives for ``lifetime`` on average and is replaced by one of another name; a process begins
    again about every ``restarts``. ``pods`` of them, or between the two numbers by the rhythm.
    ``missed`` is the share of scrapes that fail by themselves; a pod is ``dark`` for spells, and
    all pods of the service in ``blackouts``. ``latency``: durations in place of the CPU's seconds.
    """

    name: str
    pods: tuple[int, int] = (10, 10)
    requests: float = 100.0
    rhythm: float = 0.2
    errors: float = 0.008
    own_sd: float = 0.5
    memory: float = 2.0
    shared_sd: float = 0.2
    lasting_sd: float = 0.05
    factor: float = 5.0
    incidents: Spells | None = None
    shared: Spells | None = None
    lifetime: float | None = None
    restarts: float | None = None
    missed: float = 0.0
    dark: Spells | None = None
    blackouts: Spells | None = None
    latency: bool = False


LAWS = (
    ServiceLaw("steady", restarts=400.0, missed=0.005, blackouts=Spells(400.0, 3.0)),
    ServiceLaw(
        "churning",
        pods=(7, 12),
        rhythm=0.4,
        lifetime=200.0,
        restarts=300.0,
        missed=0.01,
        lasting_sd=0.1,
        shared=Spells(180.0, 5.0),
    ),
    ServiceLaw(
        "gappy",
        incidents=Spells(300.0, 4.0),
        restarts=400.0,
        missed=0.04,
        dark=Spells(150.0, 3.0),
        blackouts=Spells(200.0, 3.0),
    ),
    ServiceLaw("slow", pods=(8, 8), lifetime=400.0, missed=0.01, own_sd=0.3, latency=True),
)
