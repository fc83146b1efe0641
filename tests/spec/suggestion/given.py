"""Templates and services for tests."""

from __future__ import annotations

from collections.abc import Mapping

from judge.spec.metric_template import MetricTemplate, template_from_text
from judge.spec.resolved import BASELINE, CANARY
from judge.spec.suggestion.candidates import Exported, Labels, Service


def template(name: str, *, kind: str = "gauge", more: str = "", **queries: str) -> MetricTemplate:
    """A template with queries of counters where nothing else is said."""
    parts = "".join(f"    {part}: {expr}\n" for part, expr in queries.items())
    text = (
        f"apiVersion: judge/v1\nkind: MetricTemplate\nmetadata: {{name: {name}}}\n"
        f"spec:\n  kind: {kind}\n{more}  queries:\n{parts}"
    )
    return template_from_text(text, source=name)


def service(
    *exported: Exported | Mapping[str, Labels],
    pods: bool = False,
    pod_label: str = "pod",
    namespace: str = "shop",
) -> Service:
    """A service with two tracks; ``pods`` says whether their pods' names are known."""
    variables = {BASELINE: {"pods": "cart-a"}, CANARY: {"pods": "cart-b"}} if pods else {}
    return Service(
        name="cart",
        namespace=namespace,
        pod_label=pod_label,
        selectors={BASELINE: 'app="cart",track="stable"', CANARY: 'app="cart",track="canary"'},
        variables=variables,
        exported=tuple(one if isinstance(one, Exported) else Exported(one) for one in exported),
    )
