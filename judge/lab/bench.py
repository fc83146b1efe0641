"""The bench: every contender on every scenario, in parts, on as many processes as it is given.

Calibrating costs most, so several runs follow each history and are judged by what it says; the
errors of all shares are those between histories (`shares`). The work is cut into parts of a fixed
number of histories, each with a seed of its own, made from the bench's seed, the scenario's name
and the part's number; tallies add up. So the figures depend on the seed and the number of rollouts,
and on nothing else, and a part bounds the memory.
"""

from __future__ import annotations

import contextlib
import math
import multiprocessing
import os
import signal
import threading
import zlib
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass, replace

import numpy as np

from judge.lab import oracle
from judge.lab.contender import AnyContender
from judge.lab.contenders import NO_ORACLES, Oracles, contenders
from judge.lab.counts import CountScenario
from judge.lab.effects import Effect
from judge.lab.rollouts import ALPHAS, Batch, Scenario
from judge.lab.tally import Tally
from judge.lab.telemetry.recorded import GROUP, RecordedScenario

ORACLE_ROLLOUTS = 5000
ORACLE_PART = 1_000_000  # a part's number that no part has: the oracle's rollouts are its own
PART_ROLLOUTS, PART_HISTORIES = 200, 4  # at most, unless one history has more: the memory's bound
FEW = 10  # what is not promised is measured on every so many of a history's runs


@dataclass(frozen=True, slots=True)
class Plan:
    """What to measure: at least so many ``rollouts`` of each scenario."""

    scenarios: tuple[Scenario, ...]
    rollouts: int
    seed: int


@dataclass(frozen=True, slots=True)
class Sizes:
    """How many histories a scenario has, how many runs each, and how many runs are a few.

    What is promised is measured on all runs, the rest on ``few`` of each history.
    """

    histories: int
    runs: int
    few: int

    @property
    def rollouts(self) -> int:
        """All of them."""
        return self.histories * self.runs


def sizes(scenario: Scenario, rollouts: int) -> Sizes:
    """Enough for so many rollouts: both histories and runs grow with the root of their number.

    Five thousand rollouts are fifty histories of a hundred runs each, where ``sharing`` is 1; of a
    recording no more than it holds.
    """
    rollouts = math.ceil(rollouts * scenario.portion)
    if isinstance(scenario, RecordedScenario):
        histories = min(math.ceil(rollouts / GROUP), len(scenario.places))
        return Sizes(histories, GROUP, GROUP)
    runs = max(1, round(math.sqrt(rollouts * 2.0) * scenario.sharing))
    few = round(runs / (FEW * max(scenario.sharing, 1.0)))  # where judging is dear, fewer
    return Sizes(math.ceil(rollouts / runs), runs, max(1, few))


@dataclass(frozen=True, slots=True)
class Cell:
    """One figure's place: a scenario, a contender's name, an effect."""

    scenario: str
    contender: str
    effect: Effect


Tallies = dict[Cell, Tally]


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the work: so many histories of a scenario with all of their runs."""

    scenario: Scenario
    number: int
    sizes: Sizes
    seed: int
    oracles: Oracles


def generator(seed: int, scenario: str, number: int) -> np.random.Generator:
    """The generator of one part."""
    words = [seed, zlib.crc32(scenario.encode()), number]
    return np.random.default_rng(np.random.SeedSequence(words))


def oracles(scenario: CountScenario, seed: int) -> dict[float, dict[float, float]]:
    """The oracle's thresholds by alpha and effect, from good releases of its own."""
    bare = replace(scenario, service=replace(scenario.service, history=0))
    rollouts = bare.simulate(generator(seed, scenario.name, ORACLE_PART), ORACLE_ROLLOUTS)
    sought = {oracle.sought_for(effect) for effect in scenario.effects}
    return {
        alpha: {one: oracle.threshold(rollouts, one, alpha=alpha) for one in sorted(sought)}
        for alpha in ALPHAS
    }


def tallied(
    scenario: Scenario, rollouts: Batch, judges: Sequence[AnyContender], few: int
) -> Tallies:
    """Every contender's tallies of a batch, by effect."""
    found: Tallies = {}
    for one in judges:
        if not one.sees(scenario):
            continue
        answers = one.judge(rollouts, few)
        for effect, answer in zip(scenario.effects, answers, strict=True):
            cell = Cell(scenario.name, one.name, effect)
            found[cell] = answer.tally(one.looks or scenario.looks)
    return found


def measured(part: Part) -> Tallies:
    """One part's tallies; a function of the module, so that a process can be given it."""
    scenario, of = part.scenario, part.sizes
    rng = generator(part.seed, scenario.name, part.number)
    rollouts = scenario.simulate(rng, of.histories, of.runs)
    return tallied(scenario, rollouts, contenders(scenario, part.oracles), of.few)


def parts(plan: Plan) -> Iterator[Part]:
    """The work, scenario by scenario."""
    for scenario in plan.scenarios:
        known = oracles(scenario, plan.seed) if isinstance(scenario, CountScenario) else NO_ORACLES
        whole = sizes(scenario, plan.rollouts)
        most = max(1, min(PART_HISTORIES, PART_ROLLOUTS // whole.runs))
        for number, done in enumerate(range(0, whole.histories, most)):
            size = replace(whole, histories=min(most, whole.histories - done))
            yield Part(_from(scenario, done), number, size, plan.seed, known)


def _from(scenario: Scenario, done: int) -> Scenario:
    """What is left of a recording once ``done`` histories are taken."""
    return replace(scenario, first=done) if isinstance(scenario, RecordedScenario) else scenario


def run(plan: Plan, *, jobs: int) -> Iterator[tuple[Part, Tallies]]:
    """Measure; yields each part's tallies as it is done, in no promised order."""
    if jobs == 1:
        yield from ((part, measured(part)) for part in parts(plan))
        return
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(jobs, mp_context=context, initializer=_serve) as pool:
        try:
            yield from _spread(pool, parts(plan), ahead=2 * jobs)
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _spread(pool: Executor, work: Iterator[Part], *, ahead: int) -> Iterator[tuple[Part, Tallies]]:
    """A bounded number of parts under way, so that an interrupt waits for few of them."""
    under_way: dict[Future[Tallies], Part] = {}
    while True:
        with contextlib.suppress(StopIteration):
            while len(under_way) < ahead:
                part = next(work)
                under_way[pool.submit(measured, part)] = part
        if not under_way:
            return
        done, _ = wait(under_way, return_when=FIRST_COMPLETED)
        for future in done:
            yield under_way.pop(future), future.result()


def _serve() -> None:
    """Ctrl-C is the parent's to handle; and without the parent there is nothing to do."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def add(tallies: Tallies, more: Tallies) -> None:
    """Add a part's tallies, in place."""
    for cell, tally in more.items():
        tallies[cell] = tallies[cell] + tally if cell in tallies else tally
