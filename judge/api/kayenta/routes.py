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
    standalone,
)

ROUTERS = tuple(
    module.router
    for module in (configs, canaries, standalone, judges, judging, pairs, credentials, health)
)
