"""What a template is for, and what of it is worth judging at first.

Owned here: the aims that a proposal covers, one metric each, told by how templates are named;
which of several templates with one aim is taken; why the others are left out. A template without
an aim is named as something to add. Not here: which templates fit (`candidates`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from judge.spec.metric_template import MetricTemplate
from judge.spec.resolved import Kind


@dataclass(frozen=True, slots=True)
class Aim:
    """Something to judge. ``endings`` are of its templates' names, those taken first in front.

    ``fields`` are what the proposal adds to the metric; ``why`` is said beside it. ``about_pods``
    is for what fresh pods are bad at.
    """

    name: str
    kind: Kind | None
    endings: tuple[str, ...]
    why: str
    fields: Mapping[str, Any] = field(default_factory=dict)
    about_pods: bool = False


AIMS = (
    Aim("error-rate", Kind.PROPORTION, ("error-rate",), "whether requests fail"),
    Aim("latency", Kind.HISTOGRAM, ("latency",), "whether requests got slower"),
    Aim(
        "crashes",
        None,
        ("pods-crashing", "restarts"),
        "whether pods start and stay up, which needs no requests",
        about_pods=True,
    ),
    Aim("alerts", None, ("alerts-firing",), "whether what wakes people up is firing"),
    Aim(
        "cpu",
        Kind.GAUGE,
        ("container-cpu", "cpu"),
        "what a request costs; in the score, but alone it rolls nothing back",
        {"weight": 0.5, "critical": False},
        about_pods=True,
    ),
    Aim(
        "memory",
        Kind.GAUGE,
        ("container-memory", "memory"),
        "what a pod needs; in the score, but alone it rolls nothing back",
        {"weight": 0.5, "critical": False},
        about_pods=True,
    ),
)

# Not proposed, with the reason that is told.
_BESIDE = {
    "request-rate": "it follows how requests are shared out, not how the release behaves",
}


def aim_of(template: MetricTemplate) -> Aim | None:
    """What ``template`` is for; None where it is for something that a proposal does not cover."""
    for aim in AIMS:
        fits = aim.kind is None or aim.kind is template.kind
        if fits and any(_ends(template, ending) for ending in aim.endings):
            return aim
    return None


def rank(template: MetricTemplate, aim: Aim) -> int:
    """Where the template's ending comes among the aim's; the lowest is taken first."""
    return next(i for i, ending in enumerate(aim.endings) if _ends(template, ending))


def why_not(template: MetricTemplate) -> str:
    """Why a template without an aim had better not be added; "" where it may be."""
    return next((why for ending, why in _BESIDE.items() if _ends(template, ending)), "")


def _ends(template: MetricTemplate, ending: str) -> bool:
    return f"-{template.name}".endswith(f"-{ending}")
