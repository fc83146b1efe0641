"""How long Flagger takes, held against what it was seen to do."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from judge.dialects.flagger.importing.canary import Analysis
from judge.dialects.flagger.importing.ticks import Strategy, interval_of, seconds, ticks_of
from tests.flagger import canary as fake
from tests.flagger.fake_flagger import FakeFlagger
from tests.flagger.webhooks import Answer

# From the tick of the pre-rollout that let it pass to that of the first confirm-promotion, as
# Flagger 1.44 was seen to call them: canary_happy, bluegreen_happy, bluegreen_kubernetes_provider.
SEEN: list[tuple[dict[str, Any], str, Strategy, int]] = [
    ({"maxWeight": 50, "stepWeight": 20, "threshold": 2}, "istio", Strategy.CANARY, 5 - 2),
    ({"iterations": 3, "threshold": 2}, "istio", Strategy.BLUE_GREEN, 5 - 2),
    ({"iterations": 2, "threshold": 2}, "kubernetes", Strategy.BLUE_GREEN, 4 - 2),
]
MATCH = {"match": [{"headers": {"x-canary": {"exact": "insider"}}}]}


@pytest.mark.parametrize(("analysis", "provider", "strategy", "count"), SEEN)
def test_as_many_ticks_as_flagger_was_seen_to_take(
    analysis: dict[str, Any], provider: str, strategy: Strategy, count: int
) -> None:
    found = ticks_of(Analysis.model_validate(analysis), provider)
    assert (found.strategy, found.count) == (strategy, count)


@pytest.mark.parametrize(
    ("analysis", "provider", "strategy", "count"),
    [
        ({"maxWeight": 50, "stepWeight": 10}, "istio", Strategy.CANARY, 5),
        ({"stepWeight": 30}, "istio", Strategy.CANARY, 4),
        ({"stepWeights": [1, 2, 10, 80]}, "nginx", Strategy.CANARY, 4),
        ({"stepWeights": [50, 100, 100]}, "nginx", Strategy.CANARY, 2),
        ({"stepWeights": [5, 20], "stepWeight": 5}, "nginx", Strategy.CANARY, 4),
        ({"maxWeight": 50, "stepWeight": 25, "mirror": True}, "istio", Strategy.CANARY, 3),
        ({"iterations": 5, "mirror": True}, "istio", Strategy.BLUE_GREEN, 5),
        ({"iterations": 5, **MATCH}, "istio", Strategy.AB_TEST, 5),
        ({"iterations": 5, **MATCH}, "kubernetes", Strategy.BLUE_GREEN, 5),
        ({"maxWeight": 50, "stepWeight": 10}, "kubernetes", Strategy.BLUE_GREEN, 10),
        ({**MATCH, "stepWeight": 50}, "istio", Strategy.CANARY, 2),
        ({}, "istio", Strategy.CANARY, None),
        ({"maxWeight": 50}, "istio", Strategy.CANARY, None),
        ({"maxWeight": 120, "stepWeight": 50}, "istio", Strategy.CANARY, None),
        ({"stepWeights": [0, 10]}, "istio", Strategy.CANARY, None),
    ],
)
def test_every_strategy(
    analysis: dict[str, Any], provider: str, strategy: Strategy, count: int | None
) -> None:
    found = ticks_of(Analysis.model_validate(analysis), provider)
    assert (found.strategy, found.count) == (strategy, count)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [("", 60), ("1m30s", 90), ("0.5m", 30), ("1h", 3600), ("3s", 10), ("soon", 60), ("5", 60)],
)
def test_an_interval_is_flaggers(text: str, wanted: float) -> None:
    assert interval_of(Analysis(interval=text)) == wanted


def test_what_is_no_duration_is_none() -> None:
    assert (seconds("500ms"), seconds("1.5h"), seconds("m"), seconds("1d")) == (
        0.5,
        5400,
        None,
        None,
    )


def ticks_taken(analysis: fake.Analysis, provider: str) -> int:
    """From the tick of pre-rollout to that of the first confirm-promotion, or 0."""

    def post(webhook: fake.Webhook, body: bytes) -> Answer:
        passed = webhook.type is not fake.Type.ROLLBACK
        return Answer(passed, 200 if passed else 403)

    flagger = FakeFlagger(fake.Canary(analysis, provider=provider), post=post)
    flagger.tick()
    flagger.canary.revision = "2.0"
    done = [flagger.tick() for _ in range(120)]
    began = next(i for i, tick in enumerate(done) if tick.asked(fake.Type.PRE_ROLLOUT))
    held = (i for i, tick in enumerate(done) if tick.asked(fake.Type.CONFIRM_PROMOTION))
    return next(held, began) - began


steps = st.builds(lambda found: sorted(set(found)), st.lists(st.integers(1, 100), max_size=5))


@settings(max_examples=60, deadline=None)
@given(
    iterations=st.integers(0, 8),
    step=st.integers(0, 60),
    most=st.integers(0, 100),
    weights=steps,
    match=st.booleans(),
    mirror=st.booleans(),
    provider=st.sampled_from(["istio", "kubernetes"]),
)
def test_as_many_ticks_as_the_fake_of_flagger_takes(
    iterations: int,
    step: int,
    most: int,
    weights: list[int],
    match: bool,
    mirror: bool,
    provider: str,
) -> None:
    taken = ticks_taken(
        fake.Analysis(
            step_weight=step,
            step_weights=weights,
            max_weight=most,
            iterations=iterations,
            match=match,
            mirror=mirror,
            webhooks=[fake.Webhook(one, "", one) for one in fake.Type],
        ),
        provider,
    )
    written = Analysis.model_validate(
        {
            "iterations": iterations,
            "stepWeight": step,
            "stepWeights": weights,
            "maxWeight": most,
            "match": [{}] if match else [],
            "mirror": mirror,
        }
    )
    assert (ticks_of(written, provider).count or 0) == taken
