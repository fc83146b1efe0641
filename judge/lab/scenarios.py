"""The scenarios of the lab by name: what real services do to a judge, of every kind of metric."""

from __future__ import annotations

from judge.errors import Issue, SpecError
from judge.lab.count_scenarios import COUNT_SCENARIOS
from judge.lab.gauge_scenarios import GAUGE_SCENARIOS
from judge.lab.latency_scenarios import LATENCY_SCENARIOS
from judge.lab.recorded_scenarios import RECORDED_SCENARIOS
from judge.lab.rollouts import Scenario
from judge.lab.telemetry_scenarios import TELEMETRY_SCENARIOS

_SCENARIOS: tuple[Scenario, ...] = (
    *COUNT_SCENARIOS,
    *LATENCY_SCENARIOS,
    *GAUGE_SCENARIOS,
    *TELEMETRY_SCENARIOS,
    *RECORDED_SCENARIOS,
)
SCENARIOS = {scenario.name: scenario for scenario in _SCENARIOS}


def chosen(names: tuple[str, ...]) -> tuple[Scenario, ...]:
    """The scenarios of these names, in the table's order; all of them where none is named.

    Raises `SpecError` for a name that there is not.
    """
    unknown = [name for name in names if name not in SCENARIOS]
    if unknown:
        raise SpecError(
            [
                Issue("--scenario", f"there is no scenario {name!r}; choose of {_known()}")
                for name in unknown
            ]
        )
    return tuple(one for one in _SCENARIOS if not names or one.name in names)


def _known() -> str:
    return ", ".join(SCENARIOS)
