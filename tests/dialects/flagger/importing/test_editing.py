"""Webhooks written into files as people write them: nothing else changes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from judge.dialects.flagger.importing.editing import with_hooks
from judge.dialects.flagger.importing.hooks import Hook, missing
from judge.dialects.flagger.importing.reading import Found, found_in
from judge.dialects.flagger.importing.ticks import Strategy
from judge.errors import SpecError
from judge.spec.written import Written, read_documents

HOOKS = (Hook("judge-rollout", "rollout", "http://judge:8080/flagger/checkout/rollout"),)
SHOP = (Path(__file__).parent / "canaries/shop.yaml").read_text(encoding="utf-8")
ANALYSIS = "  analysis:\n"
HEAD = """apiVersion: flagger.app/v1beta1
kind: Canary
metadata: {name: checkout}
spec:
  targetRef: {name: checkout}
"""
ADDED = """      - name: judge-rollout
        type: rollout
        url: http://judge:8080/flagger/checkout/rollout
        timeout: 5s
"""


def read(text: str) -> tuple[tuple[Written, ...], Found]:
    documents = read_documents(text, source="canary.yaml")
    return documents, found_in(documents)


def edited(text: str, hooks: tuple[Hook, ...] = HOOKS) -> str:
    documents, found = read(text)
    return with_hooks(documents, found.read, ("spec", "analysis"), hooks)


def test_they_come_behind_those_that_are_there() -> None:
    behind = "      - name: load   # all the time\n        url: http://tester.test/\n"
    assert edited(SHOP) == SHOP.replace(behind, behind + ADDED)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("    interval: 1m\n", "    interval: 1m\n    webhooks:\n" + ADDED),
        (
            "    webhooks: [] # none\n    interval: 1m\n# end\n",
            "    webhooks: # none\n" + ADDED + "    interval: 1m\n# end\n",
        ),
        (
            "    webhooks:\n    interval: 1m\n",
            "    webhooks:\n" + ADDED + "    interval: 1m\n",
        ),
        (
            "    metrics:\n    - name: a\n      query: |\n        u\n\n        x\n\n  service: {}",
            "    metrics:\n    - name: a\n      query: |\n        u\n\n        x\n"
            "    webhooks:\n" + ADDED + "\n  service: {}",
        ),
        (
            "    webhooks:\n    - {name: a, url: 'http://x/'}\n    # - {name: b}\n",
            "    webhooks:\n    - {name: a, url: 'http://x/'}\n"
            + ADDED.replace("      -", "    -").replace("        ", "      ")
            + "    # - {name: b}\n",
        ),
    ],
    ids=["no field", "an empty list", "null", "behind a text block", "in the key's column"],
)
def test_every_way_to_write_it(before: str, after: str) -> None:
    assert edited(HEAD + ANALYSIS + before) == HEAD + ANALYSIS + after


def test_a_list_of_json_as_a_cluster_answers() -> None:
    canary = {
        "apiVersion": "flagger.app/v1beta1",
        "kind": "Canary",
        "metadata": {"name": "checkout"},
        "spec": {"targetRef": {"name": "checkout"}, "analysis": {"interval": "1m"}},
    }
    text = json.dumps({"kind": "List", "items": [{"kind": "Secret"}, canary]})
    whole = json.loads(edited(text))
    assert whole["items"][1]["spec"]["analysis"].pop("webhooks") == [HOOKS[0].fields()]
    assert whole == json.loads(text)


@pytest.mark.parametrize(
    "analysis",
    [
        "  analysis: {interval: 1m}\n",
        "  analysis:\n    webhooks: [{name: a, url: b}]\n",
        "  analysis:\n    <<: {webhooks: [{name: a}]}\n    interval: 1m\n",
        "  x: &one [{name: a, url: b}]\n  analysis:\n    webhooks: *one\n",
        "  analysis:\n    webhooks:\n      -\n        name: a\n",
    ],
    ids=["in braces", "in brackets", "merged", "an alias", "a dash alone"],
)
def test_where_no_place_is_plain_to_see_it_is_refused_with_it(analysis: str) -> None:
    with pytest.raises(SpecError) as caught:
        edited(HEAD + analysis)
    (issue,) = caught.value.issues
    assert issue.line >= 6
    assert "by hand" in issue.message


def test_what_was_written_lacks_nothing_any_more() -> None:
    def lacking(text: str) -> tuple[Hook, ...]:
        analysed = read(text)[1].canary.spec.analysed
        assert analysed is not None
        url = "http://judge:8080/hooks/TOKEN/"
        return missing(analysed.webhooks, Strategy.CANARY, analysis="checkout", url=url)

    hooks = lacking(SHOP)
    assert [one.type for one in hooks] == [
        "pre-rollout",
        "rollout",
        "confirm-traffic-increase",
        "confirm-promotion",
        "rollback",
        "post-rollout",
    ]
    assert {one.url for one in hooks} == {
        f"http://judge:8080/hooks/TOKEN/flagger/checkout/{one.type}" for one in hooks
    }
    assert lacking(edited(SHOP, hooks)) == ()
    assert [one.type for one in lacking(edited(SHOP, hooks[1:]))] == ["pre-rollout"]
