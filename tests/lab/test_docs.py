"""The lab's documentation names everything that the lab has."""

from pathlib import Path

from judge.lab.contenders import contenders
from judge.lab.scenarios import SCENARIOS

DOCS = (Path(__file__).parents[2] / "docs" / "lab.md").read_text()


def test_every_scenario_is_described() -> None:
    missing = [name for name in SCENARIOS if f"`{name}`" not in DOCS]
    assert not missing


def test_every_peer_is_described() -> None:
    peers = {
        one.name for scenario in SCENARIOS.values() for one in contenders(scenario) if not one.ours
    }
    flagger = ("Flagger 99 %, 5 failed", "Flagger p99 0.25 s, 5 failed")
    described = ("z-test", *flagger, "Argo 95 %", "Argo 99 %", "oracle")
    kayenta = {name for name in peers if name.startswith("Kayenta")}
    assert len(kayenta) == 3
    assert all(f"**{name}**" in DOCS for name in kayenta)
    peers -= kayenta
    assert {name for name in peers if not name.startswith(described)} == set()
    assert all(f"**{name}" in DOCS or f"**`{name}" in DOCS for name in described)
