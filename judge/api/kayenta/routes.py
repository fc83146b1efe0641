"""All routers under /kayenta, in the order in which they are asked."""

from __future__ import annotations

from judge.api.kayenta import configs, credentials, health, judges

ROUTERS = tuple(module.router for module in (configs, judges, credentials, health))
