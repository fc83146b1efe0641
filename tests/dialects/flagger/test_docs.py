"""docs/flagger.md says what is so: every webhook, the table of answers, the lines."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from judge.dialects.flagger.answers import answer, in_doubt
from judge.dialects.flagger.calls import Hook
from judge.spec.written import read_written
from judge.store.standing import Standing
from tests.dialects.flagger.test_answers import (
    ASKS,
    CANCELLED,
    FAILED,
    INCONCLUSIVE,
    OPEN,
    PASSED,
    WATCHED,
    WEAK,
)

TEXT = (Path(__file__).parents[3] / "docs" / "flagger.md").read_text(encoding="utf-8")
ROWS: dict[str, list[Standing]] = {
    "not decided, nothing against it": [OPEN],
    "passed, also while it is watched on": [PASSED, WATCHED],
    "on hold: ended inconclusive; held by a person; cancelled; Prometheus does not answer": [
        INCONCLUSIVE,
        CANCELLED,
        *[replace(one, held=True) for one in (OPEN, PASSED, WATCHED, FAILED)],
        replace(OPEN, silent=True),
        replace(OPEN, hole=True),
    ],
    "failing so far: not decided, and the score is below `score.marginal`": [WEAK],
    "failed": [FAILED],
    "`mode: observe`, whatever it says": [
        replace(one, observes=True) for one in (OPEN, PASSED, WEAK, FAILED, INCONCLUSIVE)
    ],
}


def table(heading: str) -> list[list[str]]:
    """The rows of the first table under a heading."""
    section = TEXT.partition(f"\n{heading}\n")[2]
    found = re.search(r"(?:^\|.*\n)+", section, re.MULTILINE)
    assert found is not None, heading
    rows = [line.strip("|").split(" | ") for line in found[0].splitlines()]
    return [[cell.strip() for cell in row] for row in rows[2:]]


def test_the_table_of_answers() -> None:
    rows = table("## Answers")
    assert [row[0] for row in rows] == list(ROWS)
    for state, *cells in rows:
        told = [int(cell.strip("*")) for cell in cells]
        for standing in ROWS[state]:
            assert [answer(hook, standing).status for hook in ASKS] == told, state


def test_the_answers_where_judge_cannot_tell() -> None:
    told = {
        hook: int(row[2][:3])
        for row in table("### When Judge is down")
        for hook in re.findall(r"`([a-z-]+)`", row[0])
    }
    assert told == {hook.value: in_doubt(hook, "").status for hook in Hook}


def test_every_webhook_is_explained_and_in_the_example() -> None:
    explained = [row[0].strip("`") for row in table("## The webhooks to add")]
    assert sorted(explained) == sorted(hook.value for hook in Hook)
    (block,) = re.findall(r"^```yaml\n(apiVersion: flagger.*?)^```", TEXT, re.MULTILINE | re.DOTALL)
    hooks = read_written(block, source="docs").data["spec"]["analysis"]["webhooks"]
    assert {one["type"] for one in hooks} == {hook.value for hook in Hook}
    for one in hooks:
        assert one["url"].endswith(f"/hooks/TOKEN/flagger/checkout/{one['type']}")


def test_the_event_shown_is_a_line_of_ours() -> None:
    (shown,) = re.findall(r"external check judge-rollout failed (.*)$", TEXT, re.MULTILINE)
    run_id = "d30fb231d5209ff5"
    reason = shown.removeprefix("fail: ").removesuffix(f" (run {run_id})")
    assert answer(Hook.ROLLOUT, replace(FAILED, run_id=run_id, reason=reason)).text == shown
