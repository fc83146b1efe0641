"""``--set NAME=VALUE``: variables on the command line."""

from __future__ import annotations

import click


def assignments(
    ctx: click.Context, param: click.Parameter, written: tuple[str, ...]
) -> dict[str, str]:
    """The values by name, each all behind the first ``=``. Raises `click.BadParameter`."""
    variables: dict[str, str] = {}
    for one in written:
        name, equals, value = one.partition("=")
        if not equals or not name:
            raise click.BadParameter(f"{one!r} sets nothing; write --set NAME=VALUE")
        if name in variables:
            raise click.BadParameter(f"{name} is set twice; set it once")
        variables[name] = value
    return variables


set_option = click.option(
    "--set",
    "variables",
    multiple=True,
    metavar="NAME=VALUE",
    callback=assignments,
    help="A variable. Repeatable.",
)
