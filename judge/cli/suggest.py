"""``judge templates suggest``: an analysis proposed from what a service exports.

Exit codes: 0 there is one, 2 the service or the server cannot be used as they are named, 4
Prometheus is out of reach.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import click

from judge.errors import Issue, SpecError
from judge.spec.loading import load_prometheus
from judge.spec.promql import PromqlError, parse_matchers
from judge.spec.resolved import PrometheusConfig
from judge.spec.suggestion.reading import needs_label


@click.command()
@click.option(
    "--prometheus", metavar="URL|NAME", help="Where to look: an address, or a server's name."
)
@click.option("--selector", required=True, metavar="MATCHERS", help="As in 'app=\"checkout\"'.")
@click.option("--baseline", default="", metavar="MATCHERS", help="What its baseline has besides.")
@click.option("--canary", default="", metavar="MATCHERS", help="What its canary has besides.")
@click.option(
    "-o",
    "--output-file",
    "file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the analysis there.",
)
def suggest(
    prometheus: str | None, selector: str, baseline: str, canary: str, file: Path | None
) -> None:
    """Propose an analysis from what a service exports now.

    The metrics are those of the shipped templates that find series of the service; what was found,
    and what was left out, stands beside them.
    """
    from judge.cli.suggesting.proposal import propose
    from judge.cli.suggesting.survey import Wanted
    from judge.sources.catalogue import Catalogue
    from judge.sources.prometheus import prometheus_source
    from judge.spec.metric_template import shipped_templates
    from judge.spec.suggestion.draft import written
    from judge.spec.suggestion.sentences import counted

    for option, matchers in (("selector", selector), ("baseline", baseline), ("canary", canary)):
        _check(option, matchers)
    name, config = _server(prometheus)
    with prometheus_source(config) as source:
        draft = propose(
            Catalogue(source.client, at=time.time()),
            Wanted(_plain(selector), _plain(baseline), _plain(canary)),
            templates=list(shipped_templates().values()),
            config=config,
            server=name,
        )
    path = file or Path(f"{draft.name}.yaml")
    steps = _next_steps(path, config.address)
    head = [f"Proposed for {selector} at {datetime.now(UTC):%Y-%m-%d %H:%M} UTC. Next:", *steps]
    text = written(replace(draft, head=head))
    if file is None:
        click.echo(text, nl=False)
        click.echo("\n".join([f"Save it as {path}. Next:", *steps]), err=True)
        return
    _write(file, text)
    click.echo("\n".join([f"{file}: {counted(draft.metrics, 'metric')}. Next:", *steps]))


def _check(option: str, matchers: str) -> None:
    """Raises `SpecError` where ``matchers`` are none, or select everything."""
    whole = option == "selector"
    if not matchers and not whole:
        return
    try:
        parsed = parse_matchers(matchers)
    except PromqlError as error:
        raise SpecError([Issue("", str(error), f"--{option}")]) from error
    if whole and not any(needs_label(one) for one in parsed):
        message = "selects every series there is; name a label that the service's series have"
        raise SpecError([Issue("", message, f"--{option}")])


def _plain(matchers: str) -> str:
    return matchers.strip().removesuffix(",")


def _server(prometheus: str | None) -> tuple[str, PrometheusConfig]:
    """The server's name in the settings ("" for an address) and what it is."""
    servers = _named()
    wanted = prometheus or "default"
    if wanted in servers:
        return wanted, servers[wanted]
    if prometheus is None:
        message = "is needed: an address such as http://localhost:9090"
        known = f", or one of the settings' servers ({', '.join(servers)})" if servers else ""
        raise SpecError([Issue("", message + known, "--prometheus")])
    return "", load_prometheus({"address": prometheus}, source="--prometheus")


def _named() -> Mapping[str, PrometheusConfig]:
    from judge.settings import read_settings

    settings = read_settings()
    if not settings.prometheus:
        return {}
    from judge.cli.named_servers import named_servers

    return named_servers(settings)


def _next_steps(path: Path, address: str) -> list[str]:
    return [
        f"  judge check {path} --prometheus {address}",
        f"  judge verdict {path} --lookback 30m",
        f"  judge watch {path}",
    ]


def _write(file: Path, text: str) -> None:
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise click.BadParameter(f"cannot be written: {error}", param_hint="-o") from error
