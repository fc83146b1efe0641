"""An analysis in a file, as a command of this process uses it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path

from judge.settings import read_settings
from judge.spec.loading import load_analysis_file
from judge.spec.resolved import PrometheusConfig, ResolvedAnalysis


def read_analysis(
    file: Path, *, variables: Mapping[str, str], prometheus: str | None
) -> ResolvedAnalysis:
    """The analysis in ``file``, for the server at ``prometheus`` where that is given (a URL).

    Servers that it names are those of the settings. Raises `SpecError` or `SettingsError`.
    """
    analysis = load_analysis_file(file, variables=variables, prometheus=_named_servers())
    if prometheus is None:
        return analysis
    server = dataclasses.replace(analysis.prometheus, address=prometheus)
    return dataclasses.replace(analysis, prometheus=server)


def _named_servers() -> Mapping[str, PrometheusConfig]:
    settings = read_settings()
    if not settings.prometheus:
        return {}
    from judge.cli.named_servers import named_servers

    return named_servers(settings)
