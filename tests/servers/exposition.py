"""Counter histories as values, and their text forms for backfilling."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Series:
    """One series: its name, labels and samples as (Unix seconds, value)."""

    name: str
    labels: Mapping[str, str]
    samples: Sequence[tuple[float, float]]

    def selector(self) -> str:
        """The series as the exposition formats write it."""
        labels = ",".join(f'{name}="{value}"' for name, value in self.labels.items())
        return f"{self.name}{{{labels}}}"


def openmetrics(series: Sequence[Series]) -> str:
    """OpenMetrics with timestamps; counters are declared ``unknown`` so that any name will do."""
    lines = []
    for name in dict.fromkeys(one.name for one in series):
        lines.append(f"# TYPE {name} unknown")
        for one in series:
            if one.name == name:
                selector = one.selector()
                lines += [f"{selector} {value} {at:.3f}" for at, value in one.samples]
    return "\n".join([*lines, "# EOF", ""])


def prometheus_text(series: Sequence[Series]) -> str:
    """The Prometheus text format with timestamps in milliseconds."""
    lines = [
        f"{one.selector()} {value} {round(at * 1000)}"
        for one in series
        for at, value in one.samples
    ]
    return "\n".join([*lines, ""])


def scrape_config(targets: Sequence[str], interval: str) -> str:
    """A configuration for Prometheus and VictoriaMetrics that believes the targets' labels."""
    quoted = ", ".join(f"'{target}'" for target in targets)
    return (
        f"scrape_configs: [{{job_name: test, scrape_interval: {interval}, "
        f"scrape_timeout: {interval}, honor_labels: true, "
        f"static_configs: [{{targets: [{quoted}]}}]}}]\n"
    )
