"""Who is measured on telemetry: this judge and Kayenta's, and the rules of other peers."""

from __future__ import annotations

from typing import Protocol

from judge.lab.contender import AnyContender
from judge.lab.rollouts import Scenario
from judge.lab.telemetry.deciding import deciding
from judge.lab.telemetry.kayenta import kayenta
from judge.lab.telemetry.rules import count_rules


class Told(Scenario, Protocol):
    """A scenario of telemetry."""

    @property
    def released(self) -> tuple[str, ...]:
        """The tracks that have the release."""

    @property
    def promised(self) -> bool:
        """Whether a release of effect 1 is a good one."""

    @property
    def counted(self) -> str:
        """The proportion that the peers' rules look at, "" where there is none."""


def telemetry_contenders(scenario: Told) -> tuple[AnyContender, ...]:
    """All of them."""
    judges = deciding(scenario, scenario.released, promised=scenario.promised)
    rules = count_rules(scenario.counted) if scenario.counted else ()
    return (*judges, *kayenta(scenario), *rules)
