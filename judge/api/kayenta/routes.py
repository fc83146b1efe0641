"""All routers under /kayenta, in the order in which they are asked."""

from __future__ import annotations

from judge.api.kayenta import (
    canaries,
    configs,
    credentials,
    health,
    judges,
    judging,
    pairs,
    pipelines,
    standalone,
)

ROUTERS = tuple(
    module.router
    for module in (
        configs,
        canaries,
        standalone,
        pipelines,
        judges,
        judging,
        pairs,
        credentials,
        health,
    )
)
