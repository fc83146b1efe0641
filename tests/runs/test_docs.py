"""docs/runs.md names everything there is, as it is."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from judge.actions.webhook import sign
from judge.actions.worker import PATIENCE
from judge.runs.daemon import Pace
from judge.runs.metrics import RunMetrics
from judge.store.outbox import DeliveryState
from judge.store.run import Command, EventType, RunState
from tests.runs.world import World
from tests.store.given import BEGAN, hooks

TEXT = (Path(__file__).parents[2] / "docs" / "runs.md").read_text(encoding="utf-8")


def _first_cells(heading: str) -> list[str]:
    """What stands in backticks in the first column of the first table under a heading."""
    section = TEXT.partition(f"{heading}\n")[2]
    table = re.search(r"^\|.*?(?=^[^|]|\Z)", section, re.MULTILINE | re.DOTALL)
    assert table is not None, heading
    return re.findall(r"^\| `([^`]+)`", table[0], re.MULTILINE)


@pytest.mark.parametrize(
    ("heading", "members"),
    [("## States", RunState), ("### By hand", Command), ("## Events", EventType)],
)
def test_every_word_is_explained_once(heading: str, members: type[RunState]) -> None:
    assert sorted(_first_cells(heading)) == sorted(member.value for member in members)


def test_every_metric_is_listed_and_no_other() -> None:
    metrics = RunMetrics(CollectorRegistry())
    exposed = {
        family.name + ("_total" if family.type == "counter" else "")
        for family in metrics.registry.collect()
    }
    assert sorted(_first_cells("## Metrics")) == sorted(exposed)


def test_states_of_the_outbox_are_listed() -> None:
    (row,) = re.findall(r"^\| `judge_outbox` .*$", TEXT, re.MULTILINE)
    assert ", ".join(DeliveryState) in row


def _block(language: str, beginning: str) -> str:
    (block,) = re.findall(rf"^```{language}\n({beginning}.*?)^```", TEXT, re.MULTILINE | re.DOTALL)
    return str(block)


def test_verification_as_shown_knows_our_signature() -> None:
    shown: dict[str, Any] = {}
    exec(_block("python", "import"), shown)
    body = b'{"type": "run.fail"}'
    headers = {"webhook-id": "run-decision-0", "webhook-timestamp": "1700000000"}
    headers["webhook-signature"] = sign(
        b"key", message_id="run-decision-0", timestamp=1700000000, body=body
    )
    assert shown["is_from_judge"](b"key", headers, body)
    assert not shown["is_from_judge"](b"key", headers, body + b" ")
    assert not shown["is_from_judge"](b"another", headers, body)


def test_webhook_as_shown_has_the_fields_of_a_real_one(world: World) -> None:
    run = world.calibrated(actions=hooks("http://receiver"))
    world.at(BEGAN + 70).step()
    real = json.loads(world.runs.outbox(run.id)[0].body)
    shown = json.loads(_block("json", "{"))
    assert list(shown) == list(real)
    assert sorted(shown["data"]) == sorted(real["data"])


def test_numbers_are_those_of_the_program() -> None:
    assert f"After {PATIENCE.attempts} attempts or a day" in TEXT
    assert PATIENCE.age == 86_400
    assert f"{PATIENCE.longest_wait / 60:.0f} min at most" in TEXT
    assert f"a lease of {Pace().lease:.0f} s" in TEXT
