"""What of a Canary has no counterpart in an analysis, each with its place in the file.

Owned here: the remarks on everything but metrics and servers. Promised: what is not in the list
either has no bearing on a verdict or means the same; a field that Flagger does not know is told.
Not here: metrics (`metrics`), servers (`server`), files (`reading`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from pydantic import BaseModel

from judge.dialects.flagger.importing.canary import Analysis, Canary, Metric, Webhook
from judge.dialects.flagger.importing.hooks import CONFIRM_PROMOTION, asked
from judge.dialects.flagger.importing.ticks import (
    SHORTEST_INTERVAL,
    Strategy,
    Ticks,
    seconds,
)
from judge.spec.rendering import unknown
from judge.spec.written import Path, dotted

Fault = tuple[Path, str]
"""A path in the Canary, and a sentence."""

_STAYS = {
    "alerts": "stay with Flagger; what Judge says goes to webhooks: onPass, onFail, onInterval",
    "sessionAffinity": (
        "stays with Flagger; who is kept on the canary goes on being counted there, also while its "
        "share of requests grows"
    ),
    "primaryReadyThreshold": "stays with Flagger; Judge does not look at how many pods are ready",
    "canaryReadyThreshold": "stays with Flagger; Judge does not look at how many pods are ready",
    "stepWeightPromotion": (
        "stays with Flagger; the verdict is there by then, and only keepWatching looks on"
    ),
}


def remarks(canary: Canary, data: Any, analysis: Analysis, ticks: Ticks) -> Iterator[Fault]:
    """What differs, in no order. ``data`` is the document as it is written."""
    spec, at = canary.spec, ("spec", canary.spec.field)
    inside = data["spec"][canary.spec.field]
    if spec.skip_analysis:
        message = "Flagger promotes this without asking anybody; remove it to have Judge asked"
        yield ("spec", "skipAnalysis"), message
    if spec.target_ref.kind == "Service":
        message = (
            "a Service has no workloads of its own: say in the tracks by what its two sides are "
            "told apart"
        )
        yield ("spec", "targetRef", "kind"), message
    for field, text in _STAYS.items():
        if inside.get(field):
            yield (*at, field), text
    if analysis.match:
        yield (*at, "match"), _match(ticks)
    yield from (((*at, *path), text) for path, text in _schedule(analysis, ticks))
    yield from (((*at, *path), text) for path, text in _unknown(inside))


def webhook_remarks(
    analysis: Analysis, at: Path, *, name: str, lacking: Sequence[str]
) -> Iterator[Fault]:
    """What is told of the webhooks: those of others, and the one that matters most."""
    for i, webhook in enumerate(analysis.webhooks):
        other, moment = asked(webhook)
        if moment and moment != webhook.moment:
            message = f"asks Judge for {moment} and has the type {webhook.moment}; make them one"
            yield (*at, "webhooks", i, "url"), message
        elif moment and other != name:
            message = f"asks Judge of the analysis {other}; this one is to be found as {name}"
            yield (*at, "webhooks", i, "url"), message
    others = [_shown(one) for one in analysis.webhooks if not any(asked(one))]
    if others:
        yield (*at, "webhooks"), f"{', '.join(others)}: stay as they are, Flagger calls them"
    if CONFIRM_PROMOTION in lacking:
        message = (
            "lacks Judge's confirm-promotion, WITHOUT WHICH FLAGGER PROMOTES BEFORE THERE IS A "
            "VERDICT; it is among the webhooks to add"
        )
        yield (*at, "webhooks"), message


def _shown(webhook: Webhook) -> str:
    return webhook.name or webhook.url


def _match(ticks: Ticks) -> str:
    if ticks.strategy is not Strategy.AB_TEST:
        return "is not read by Flagger either: it goes with iterations, and with a mesh or ingress"
    return (
        "stays with Flagger; who it lets see the canary may differ from everybody else, and Judge "
        "takes such a difference for the release's"
    )


def _schedule(analysis: Analysis, ticks: Ticks) -> Iterator[Fault]:
    said = analysis.interval
    found = seconds(said)
    if said and found is None:
        yield ("interval",), f"{said!r:.40} is no duration; Flagger takes 60s, as is written"
    elif found is not None and found < SHORTEST_INTERVAL:
        yield ("interval",), "Flagger takes 10s at the least, as is written"
    if ticks.count is None:
        message = (
            "there is no step by which Flagger would move traffic, so that it never promotes; "
            "write stepWeight, stepWeights or iterations"
        )
        yield (), message
    if analysis.metrics:
        yield ("threshold",), _threshold(analysis.most_failures, ticks)
    if analysis.mirror:
        message = (
            "stays with Flagger; while requests are copied, the canary's count as any others do"
        )
        yield ("mirror",), message


def _threshold(failures: int, ticks: Ticks) -> str:
    count = "the first failed check"
    if failures > 1:
        count = f"{failures} failed checks, however far apart"
    looks = min(failures, ticks.count or failures)
    times = "at one look" if looks == 1 else f"at {looks} looks on end"
    return (
        f"Flagger rolls back after {count}; a bound that Judge tests fails on evidence, after "
        f"however many looks, and a plain one (with for) when it is broken {times}"
    )


def _unknown(inside: Any) -> Iterator[Fault]:
    """Fields that neither Flagger nor this import knows: slips, mostly."""
    yield from _slips(Analysis, inside, ())
    for field, model in (("metrics", Metric), ("webhooks", Webhook)):
        for i, one in enumerate(inside.get(field) or ()):
            yield from _slips(model, one, (field, i))


_UNREAD: dict[type[BaseModel], tuple[str, ...]] = {
    Webhook: ("metadata", "timeout", "muteAlert", "retries", "disableTLS")
}


def _slips(model: type[BaseModel], data: Any, at: Path) -> Iterator[Fault]:
    fields = [info.alias or name for name, info in model.model_fields.items()]
    known = [*fields, *_UNREAD.get(model, ())]
    for name in data:
        if name not in known:
            message = f"is no field of Flagger's: {dotted((*at, name))}; {unknown(name, known)}"
            yield (*at, name), message
