"""``judge templates``: the metric templates that come with Judge, and one's own."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import click

from judge.cli.assignments import set_option
from judge.cli.suggest import suggest
from judge.spec.metric_template import MetricTemplate, load_template, shipped_templates
from judge.spec.queries import render_alone
from judge.spec.rules import Rules
from judge.spec.units import format_duration

_OUTPUT = click.option(
    "--output", type=click.Choice(["text", "json"]), default="text", show_default=True
)


@click.group()
def templates() -> None:
    """List, show and render metric templates, and suggest those that fit a service.

    A template is named by its name, or one's own by the path of its file.
    """


templates.add_command(suggest)


@templates.command("list")
@_OUTPUT
def list_templates(output: str) -> None:
    """List the templates that come with Judge."""
    shipped = shipped_templates().values()
    if output == "json":
        click.echo(json.dumps([_document(template) for template in shipped], indent=2))
        return
    _print_table(shipped)


@templates.command()
@click.argument("template")
@_OUTPUT
def show(template: str, output: str) -> None:
    """Show a TEMPLATE as it is written: a start for one's own."""
    loaded = load_template(template)
    if output == "json":
        click.echo(json.dumps(_document(loaded), indent=2))
    else:
        click.echo(loaded.text.rstrip("\n"))


@templates.command()
@click.argument("template")
@set_option
@click.option("--track-selector", default="", metavar="MATCHERS", help="As in 'app=\"checkout\"'.")
@_OUTPUT
def render(template: str, variables: dict[str, str], track_selector: str, output: str) -> None:
    """Show the queries of a TEMPLATE with its places filled, as for one track."""
    loaded = load_template(template)
    queries = render_alone(loaded, variables, selector=track_selector)
    if output == "json":
        filled = {
            part: {"expr": query.expr, "reading": query.reading.value}
            for part, query in queries.items()
        }
        click.echo(json.dumps({"template": loaded.name, "queries": filled}, indent=2))
        return
    for part, query in queries.items():
        click.echo(f"# {part}, a {query.reading}")
        click.echo(query.expr.rstrip("\n"))


def _document(template: MetricTemplate) -> dict[str, Any]:
    return {
        "name": template.name,
        "description": template.description,
        "kind": template.kind.value,
        **_rules(template.rules),
        "podLabel": template.pod_label or None,
        "variables": [
            {"name": one.name, "description": one.description, "default": one.default}
            for one in template.variables
        ],
        "queries": {
            part: {"expr": query.expr, "reading": query.reading.value}
            for part, query in template.queries.items()
        },
    }


def _rules(rules: Rules) -> dict[str, Any]:
    """How metrics of the template are judged that do not say otherwise."""
    limit, worst = rules.ratios() or (None, None)
    written = {
        "max": rules.max,
        "min": rules.min,
        "for": None if rules.lasting is None else format_duration(rules.lasting),
        "quantile": rules.quantile,
        "floor": rules.floor,
        "compare": rules.compare,
        "weight": rules.weight,
        "critical": rules.critical,
        "observe": rules.observe,
    }
    return {
        "unit": rules.unit or "",
        "direction": rules.toward.value,
        "limit": None if limit is None else {"ratio": limit},
        "worst": None if worst is None else {"ratio": worst},
        **{name: value for name, value in written.items() if value is not None},
    }


def _print_table(listed: Iterable[MetricTemplate]) -> None:
    """A table on a terminal, a line each elsewhere."""
    from rich.console import Console
    from rich.table import Table

    console = Console()
    if not console.is_terminal:
        for one in listed:
            click.echo(f"{one.name}\t{one.description}")
        return
    table = Table("template", "what it measures", "variables", box=None, pad_edge=False)
    for one in listed:
        table.add_row(one.name, one.description, ", ".join(v.name for v in one.variables))
    console.print(table)
