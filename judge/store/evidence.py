"""A run's evidence as it is downloaded: a bundle that `judge replay` judges again bit for bit.

Promises that nothing secret is in it: whoever may look at a run may have its bundle, and hand it
on, so credentials, headers and webhooks stay behind.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, select

from judge.sources.recording import FORMAT
from judge.spec.document import to_document
from judge.spec.resolved import Actions, PrometheusConfig, ResolvedAnalysis
from judge.store.packing import unpack
from judge.store.run import Run
from judge.store.tables import histories, intervals


def bundle(connection: Connection, run: Run) -> dict[str, Any]:
    """The judge-evidence/1 document of a run, as far as it has come."""
    history = connection.execute(
        select(histories.c.samples).where(histories.c.run_id == run.id)
    ).scalar_one_or_none()
    looks = connection.execute(
        select(intervals.c.samples, intervals.c.verdict)
        .where(intervals.c.run_id == run.id)
        .order_by(intervals.c.index)
    ).all()
    return {
        "format": FORMAT,
        "analysis": to_document(shareable(run.analysis)),
        "history": [] if history is None else unpack(history),
        "intervals": [unpack(look.samples) for look in looks],
        "verdicts": [look.verdict for look in looks],
    }


def verdicts(connection: Connection, run_id: str) -> list[dict[str, Any]]:
    """The JSON form of the verdict after each look so far, oldest first."""
    query = select(intervals.c.verdict).where(intervals.c.run_id == run_id)
    return list(connection.execute(query.order_by(intervals.c.index)).scalars())


def shareable(analysis: ResolvedAnalysis) -> ResolvedAnalysis:
    """The analysis without what only Judge should know; it judges alike."""
    prometheus = PrometheusConfig(
        address=analysis.prometheus.address.partition("?")[0],
        timeout=analysis.prometheus.timeout,
        replica_labels=analysis.prometheus.replica_labels,
        pod_label=analysis.prometheus.pod_label,
    )
    return replace(analysis, prometheus=prometheus, actions=Actions())
