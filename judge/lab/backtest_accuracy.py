"""Whether `judge backtest` is right: what it finds on simulated services against their own mean.

    python -m judge.lab.backtest_accuracy own-incidents --services 8 --promise 5%

Each service is a history of a scenario of counts, long enough for many runs; a backtest goes over
each alone. Its figure is to be at most the promise, and its interval to hold what all of them
together show.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import click
import numpy as np

from judge.lab.counts import CountScenario
from judge.lab.sampled import at, intervals
from judge.lab.scenarios import SCENARIOS
from judge.runs.backtest.backtest import Wanted, backtest
from judge.runs.backtest.journal import Journal
from judge.runs.backtest.windows import Plan
from judge.sources.recorded import RecordedSource
from judge.sources.recording import Bundle
from judge.spec.resolved import BASELINE, Direction, Kind, Metric, ResolvedAnalysis, Risk, Track
from judge.spec.units import UnitError, parse_share
from judge.stats.clustered import ClusteredShare

METRIC = "errors"
HISTORY = 8 * 3600.0
EVERY = 1800.0
MOST = 64  # services


@dataclass(frozen=True, slots=True)
class Accuracy:
    """What a backtest said of each service."""

    said: tuple[ClusteredShare, ...]

    @property
    def releases(self) -> int:
        """Good releases of all services."""
        return sum(one.trials for one in self.said)

    @property
    def share(self) -> float:
        """Of them, what was rolled back."""
        return sum(one.events for one in self.said) / max(self.releases, 1)

    @property
    def error(self) -> float:
        """The standard error of that, from how the services differ."""
        shares = [one.share or 0.0 for one in self.said]
        return float(np.std(shares, ddof=1) / np.sqrt(len(shares))) if len(shares) > 1 else np.nan

    @property
    def holding(self) -> int:
        """How many services' intervals hold the share of all."""
        return sum((one.low or 0.0) <= self.share <= (one.high or 0.0) for one in self.said)


def accuracy(
    scenario: CountScenario, *, services: int, hours: float, promise: float, seed: int
) -> Iterator[Accuracy]:
    """Backtests of so many services, one after the other, each gone over for so many hours."""
    rng = np.random.default_rng([seed, 2])
    step = scenario.interval
    length = round((HISTORY + hours * 3600.0) / step)
    service = replace(scenario.service, history=length)
    analysis = _analysis(step, promise)
    plan = Plan(HISTORY, length * step, EVERY)
    said: list[ClusteredShare] = []
    for _ in range(services):
        drawn = at(replace(scenario, service=service).simulate(rng, 1).history, (0,))
        past = intervals({METRIC: {BASELINE: drawn}}, step, range(length))
        source = RecordedSource(Bundle(analysis, past, past), started_at=past[0].start)
        with Journal(None, "") as journal:
            found = backtest(analysis, source, plan, journal, wanted=Wanted(), now=0.0).figures
        if found is not None:
            said.append(found.rolled_back)
        yield Accuracy(tuple(said))


def _analysis(interval: float, promise: float) -> ResolvedAnalysis:
    metric = Metric(METRIC, Kind.PROPORTION, Direction.INCREASE, limit=1.25, worst=2.0)
    return ResolvedAnalysis(
        name="accuracy",
        metrics=(metric,),
        tracks={BASELINE: Track("")},
        interval=interval,
        delay=0.0,
        history=HISTORY,
        risk=Risk(false_rollback=promise),
    )


def _share(_ctx: click.Context, _param: click.Parameter, text: str) -> float:
    try:
        return parse_share(text)
    except UnitError as error:
        raise click.BadParameter(str(error)) from error


@click.command()
@click.argument(
    "name",
    type=click.Choice([name for name, one in SCENARIOS.items() if isinstance(one, CountScenario)]),
)
@click.option("--services", type=click.IntRange(1, MOST), default=8, show_default=True)
@click.option("--hours", type=click.FloatRange(min=1.0), default=36.0, show_default=True)
@click.option("--promise", callback=_share, default="5%", show_default=True)
@click.option("--seed", type=click.IntRange(min=0), default=1, show_default=True)
def main(name: str, services: int, hours: float, promise: float, seed: int) -> None:
    """Backtest simulated services of the scenario NAME."""
    scenario = SCENARIOS[name]
    if not isinstance(scenario, CountScenario):
        raise click.BadParameter(f"{name} is no scenario of counts")
    told = accuracy(scenario, services=services, hours=hours, promise=promise, seed=seed)
    for one in told:
        click.echo(
            f"{len(one.said)} of {services} services: {one.releases:,} releases, "
            f"{100 * one.share:.2f} % rolled back (standard error {100 * one.error:.2f}), "
            f"{one.holding} intervals hold that"
        )


if __name__ == "__main__":
    main()
