"""``judge runs``: lists a server's runs."""

from __future__ import annotations

from typing import Any

import click

from judge.cli.client import Client, server_options

PAGE = 100


@click.command()
@click.option("--namespace", help="Only of this namespace.")
@click.option("--name", help="Only of this analysis.")
@click.option(
    "--state",
    type=click.Choice(["pending", "running", "watching", "done", "cancelled"]),
    help="Only in this state.",
)
@click.option(
    "--limit", type=click.IntRange(1, 10_000), default=50, show_default=True, help="At most."
)
@click.option("--output", type=click.Choice(["text", "json"]), default="text", show_default=True)
@server_options
def runs(
    namespace: str | None,
    name: str | None,
    state: str | None,
    limit: int,
    output: str,
    server: str,
    token: str | None,
) -> None:
    """List runs, the newest first."""
    from judge.cli.run_report import print_runs

    wanted = {"namespace": namespace, "name": name, "state": state}
    with Client(server, token) as client:
        found = _pages(client, {k: v for k, v in wanted.items() if v is not None}, limit)
    print_runs(found, output)


def _pages(client: Client, wanted: dict[str, str], limit: int) -> list[Any]:
    found: list[Any] = []
    cursor: dict[str, str] = {}
    while len(found) < limit:
        page = {"limit": str(min(PAGE, limit - len(found)))}
        answer = client.get("/api/v1/runs", {**wanted, **page, **cursor})
        found += answer["data"]
        if answer["next"] is None:
            break
        cursor = {"cursor": answer["next"]}
    return found
