"""Counter histories with everything that goes wrong with counters, and what truly happened.

A process counts requests by status code as a known function of time; scrapers see it at their own
times, with gaps; processes restart, pods come and go. The truth is what the scrapes let anybody
know: per process and code the highest value seen, less what was seen of it before the first look.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from tests.servers.exposition import Series

STEP = 60.0
LOOKS = 45
# On a whole hour, long ago: nothing in these tests depends on the clock.
START = 1_699_999_200.0
END = START + LOOKS * STEP
REQUESTS = "http_requests_total"
ERRORS = "5.."


@dataclass(frozen=True)
class Process:
    """One life of a pod: requests a second by code, from ``born`` until ``died`` (look numbers).

    ``codes[code]`` is (rate, the look at which the code first occurs).
    """

    born: float
    died: float
    codes: Mapping[str, tuple[float, float]]
    labels: Mapping[str, str] = field(default_factory=dict)

    def value(self, code: str, at: float) -> int | None:
        """What its counter shows at ``at`` looks; None where there is none."""
        rate, since = self.codes[code]
        since = max(since, self.born)
        return 1 + int(rate * (at - since) * STEP) if since <= at < self.died else None


@dataclass(frozen=True)
class Pod:
    """A pod with its lives, the scrapers that see it and their gaps (in looks)."""

    name: str
    lives: Sequence[Process]
    scrapers: Mapping[str, tuple[float, Sequence[tuple[float, float]]]] = field(
        default_factory=lambda: {"": (3.0, ())}
    )
    lost_codes: Mapping[str, tuple[float, float]] = field(default_factory=dict)

    def times(self, scraper: str) -> list[float]:
        """Unix seconds at which a scraper reads the pod."""
        phase, gaps = self.scrapers[scraper]
        ticks = [
            START - 1200 + phase + 15 * tick for tick in range(int((END - START + 1200) // 15))
        ]
        return [tick for tick in ticks if not _inside(tick, gaps)]

    def series(self, track: str) -> list[Series]:
        """What ends up in the database."""
        found = []
        for scraper in self.scrapers:
            for life in self.lives:
                for code in life.codes:
                    samples = self._samples(life, code, scraper)
                    labels = {"pod": self.name, "track": track, "code": code, **life.labels}
                    if scraper:
                        labels["prometheus_replica"] = scraper
                    found.append(Series(REQUESTS, labels, samples))
        return _merged(found)

    def truth(
        self, *, errors: bool, until: float = END, of: Callable[[float], float] = float
    ) -> float:
        """Requests, or errors, that the scrapes between the first look and ``until`` show.

        ``of`` says how many of a process's first n requests count.
        """
        known = 0.0
        for life in self.lives:
            for code in life.codes:
                if errors and not code.startswith("5"):
                    continue
                seen = [
                    sample for one in self.scrapers for sample in self._samples(life, code, one)
                ]
                late = [value for at, value in seen if at <= until]
                early = [value for at, value in seen if at <= START]
                known += of(max(late, default=0.0)) - of(max(early, default=0.0))
        return known

    def _samples(self, life: Process, code: str, scraper: str) -> list[tuple[float, float]]:
        lost = [self.lost_codes[code]] if code in self.lost_codes else []
        values = [
            (at, life.value(code, (at - START) / STEP))
            for at in self.times(scraper)
            if not _inside(at, lost)
        ]
        return [(at, float(value)) for at, value in values if value is not None]


def pods() -> list[Pod]:
    """One pod for each thing that can go wrong; most live before the first look."""
    ever = {"200": (7.0, -90.0), "500": (0.5, -90.0)}
    return [
        Pod("steady", [Process(-90, 99, ever)]),
        Pod("restarts", [Process(-90, 10.2, ever), Process(10.3, 99, ever)]),
        # Restarted young, and past its old sum before the next look: no drop to be seen.
        Pod("overtakes", [
            Process(-25, 10.1, {"200": (0.01, -90.0)}), Process(10.2, 99, {"200": (3.0, 0.0)}),
        ]),
        # One code goes and another comes, in one restart.
        Pod("exchanges", [
            Process(-25, 10.1, {"200": (0.1, -90.0), "404": (0.1, -90.0)}),
            Process(10.2, 99, {"200": (20.0, 0.0), "500": (1.0, 0.0)}),
        ]),
        # The same with nothing in common: as many series as before, and a higher sum.
        Pod("swaps", [
            Process(-25, 10.1, {"404": (0.1, -90.0)}), Process(10.2, 99, {"500": (20.0, 0.0)}),
        ]),
        Pod("crash-loop", [Process(at, at + 1.6, ever) for at in (-2.0, -0.3, 1.5, 3.2, 5.0, 6.9)]),
        Pod("newborn", [Process(8.1, 99, ever)]),
        Pod("dies", [Process(-90, 20.7, ever)]),
        Pod("comes-and-goes", [Process(12.4, 25.1, ever)]),
        Pod("new-address", [
            Process(-90, 14.5, ever, {"instance": "10.0.0.1:80"}),
            Process(14.6, 99, ever, {"instance": "10.0.0.2:80"}),
        ]),
        Pod("first-errors", [
            Process(-90, 99, {"200": (7.0, -90.0), "500": (0.5, 9.4), "502": (0.2, 18.6)}),
        ]),
        Pod("short-gap", [Process(-90, 99, ever)], {"": (5.0, [(11.1, 14.3)])}),
        Pod("long-gap", [Process(-90, 99, ever)], {"": (5.0, [(11.1, 24.3)])}),
        Pod("restarts-in-a-gap", [Process(-90, 15, ever), Process(16, 99, ever)],
            {"": (9.0, [(11.1, 24.3)])}),
        Pod("loses-errors", [Process(-90, 99, ever)], lost_codes={"500": (9.1, 22.2)}),
        Pod("pair", [Process(-90, 99, ever)], {
            "a": (2.0, [(20.3, 22.4)]), "b": (9.0, [(15.2, 99)]), "c": (11.0, [(-99, 30.5)]),
        }),
        Pod("pair-restarts", [Process(-90, 17.4, ever), Process(17.9, 99, ever)],
            {"a": (2.0, ()), "b": (9.0, ())}),
    ]  # fmt: skip


def _inside(at: float, gaps: Sequence[tuple[float, float]]) -> bool:
    return any(first <= (at - START) / STEP < last for first, last in gaps)


def _merged(found: Sequence[Series]) -> list[Series]:
    """The lives of a pod are one series where their labels are the same."""
    by_labels: dict[str, Series] = {}
    for one in found:
        key = one.selector()
        before = by_labels.get(key)
        samples = [*before.samples, *one.samples] if before else one.samples
        by_labels[key] = Series(one.name, one.labels, sorted(samples))
    return [one for one in by_labels.values() if one.samples]
