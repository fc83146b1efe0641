"""The Prometheus servers of the settings, as every command that reads analyses knows them."""

from __future__ import annotations

from judge.errors import SettingsError, SpecError
from judge.settings import Settings
from judge.spec.loading import load_prometheus
from judge.spec.resolved import PrometheusConfig


def named_servers(settings: Settings) -> dict[str, PrometheusConfig]:
    """The Prometheus servers of the settings. Raises `SettingsError` naming what is wrong."""
    found = {}
    for name, written in settings.prometheus.items():
        try:
            found[name] = load_prometheus(written)
        except SpecError as exc:
            lines = "\n".join(
                f"setting prometheus.{name}.{issue.path}: {issue.message}" for issue in exc.issues
            )
            raise SettingsError(lines) from exc
    return found
