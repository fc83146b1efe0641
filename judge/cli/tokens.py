"""``judge tokens``: makes a token, and the entry that lets it in."""

from __future__ import annotations

import json

import click


@click.command()
@click.argument("name")
@click.option(
    "--role",
    type=click.Choice(["view", "judge", "operate", "admin", "hook"]),
    default="view",
    show_default=True,
    help="What its holder may do; each may do all that those before it may. A hook is for "
    "callers that can send no header: as judge, but in URLs that begin /hooks/TOKEN alone.",
)
@click.option("--namespace", "namespaces", multiple=True, help="Only this one. May be repeated.")
def tokens(name: str, role: str, namespaces: tuple[str, ...]) -> None:
    """Make a token called NAME: to standard output, its entry for the token file to the other.

    \b
    judge tokens ci --role judge 2>>tokens.yaml

    adds it to a file that begins with a line "tokens:". The token itself is shown this once.
    """
    from judge.api.tokens import hash_token, new_token

    token = new_token()
    click.echo(token)
    click.echo(f"  - name: {json.dumps(name)}", err=True)
    click.echo(f"    hash: {hash_token(token)}", err=True)
    click.echo(f"    role: {role}", err=True)
    if namespaces:
        click.echo(f"    namespaces: {json.dumps(list(namespaces))}", err=True)
