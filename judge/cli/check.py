"""``judge check``: whether analyses can be used, and what their queries are and find.

Exit codes: 0 all of them can, 2 one cannot (or Prometheus refuses a query of it, or a critical
metric of it cannot be tested on the data that there are), 4 Prometheus is out of reach.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import click

from judge.cli.assignments import set_option
from judge.cli.check_report import Checked, document, lines
from judge.errors import SourceError, SpecError
from judge.spec.loading import load_prometheus, read_analysis_file
from judge.spec.resolved import PrometheusConfig

WRONG = 2


@click.command()
@click.argument("files", nargs=-1, type=click.Path(path_type=Path))
@click.option("--schema", is_flag=True, help="Print the JSON schema of an analysis, and end.")
@click.option("--prometheus", metavar="URL", help="Run each query there and count what it finds.")
@set_option
@click.option("--output", type=click.Choice(["text", "json"]), default="text", show_default=True)
def check(
    files: tuple[Path, ...],
    schema: bool,
    prometheus: str | None,
    variables: dict[str, str],
    output: str,
) -> None:
    """Check analyses (YAML or JSON FILES), and show each query as it will be asked.

    Every error is told as file:line:column: path: what is wrong and what to do.
    """
    if schema:
        _print_schema()
        return
    if not files:
        raise click.UsageError("name an analysis: judge check FILE..., or judge check --schema")
    server = load_prometheus({"address": prometheus}, source="--prometheus") if prometheus else None
    servers = _servers()
    checked = [_checked(file, variables, servers) for file in files]
    if server:
        checked = [_with_findings(one, server.address) for one in checked]
    if output == "json":
        click.echo(json.dumps({"files": [document(one) for one in checked]}, indent=2))
    else:
        click.echo("\n".join(line for one in checked for line in lines(one)))
    if not all(one.fine for one in checked):
        sys.exit(WRONG)


def _print_schema() -> None:
    from judge.spec.schema import analysis_schema

    click.echo(json.dumps(analysis_schema(), indent=2))


def _servers() -> dict[str, PrometheusConfig]:
    """The servers that analyses can name, of the settings in the environment."""
    from judge.settings import read_settings

    settings = read_settings()
    if not settings.prometheus:
        return {}
    from judge.cli.named_servers import named_servers

    return named_servers(settings)


def _checked(
    file: Path, variables: Mapping[str, str], servers: Mapping[str, PrometheusConfig]
) -> Checked:
    try:
        loaded = read_analysis_file(file, variables=variables, prometheus=servers)
    except SpecError as error:
        return Checked(file, issues=error.issues)
    return Checked(file, loaded.analysis, notices=loaded.notices)


def _with_findings(one: Checked, address: str) -> Checked:
    """The same, its queries run at ``address``. Raises `SourceError` where nobody answers."""
    if one.analysis is None:
        return one
    from judge.runs.foresight import foresee
    from judge.sources.inspect import inspect
    from judge.sources.prometheus import prometheus_source
    from judge.sources.weights import inspect_weights

    at = time.time()
    config = replace(one.analysis.prometheus, address=address)
    analysis = replace(one.analysis, prometheus=config)
    with prometheus_source(config) as source:
        source.client.instant("vector(1)", at=at)
        reports = inspect(analysis, source=source, at=at)
        weights = inspect_weights(analysis, source.client, at=at)
        one = replace(
            one,
            found={(r.metric, r.track, r.part): r for r in reports},
            weights={r.track: r for r in weights},
        )
        try:
            foreseen = foresee(analysis, source, at=at)
        except SourceError as error:
            return replace(one, unread=str(error))
        return replace(one, shortfalls=foreseen.shortfalls, promise=foreseen.promise)
