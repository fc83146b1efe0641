"""``judge show``: one run as it is now, and its evidence as a file."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from urllib.parse import quote

import click

from judge.cli.client import Client, output_option, server_options


@click.command()
@click.argument("run_id", metavar="RUN")
@click.option(
    "--evidence",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Also write the evidence bundle here, for judge replay; gzipped where it ends in .gz.",
)
@click.option(
    "--sequence/--no-sequence",
    default=None,
    help="What was said of each metric after every look: charts in text (as by default), lists in "
    "json.",
)
@output_option
@server_options
def show(
    run_id: str,
    evidence: Path | None,
    sequence: bool | None,
    output: str,
    server: str,
    token: str | None,
) -> None:
    """Show RUN: its verdict, and each metric's."""
    from judge.cli.run_report import print_run
    from judge.cli.sequences import check_form

    check_form(output, sequence=bool(sequence))
    by_look = output == "text" if sequence is None else sequence
    path = f"/api/v1/runs/{quote(run_id, safe='')}"
    with Client(server, token) as client:
        run = client.get(path, {"sequence": "true"} if by_look else None)["data"]
        if evidence is not None:
            _write(evidence, json.dumps(client.get(f"{path}/evidence")).encode())
    print_run(run, output)


def _write(path: Path, text: bytes) -> None:
    try:
        path.write_bytes(gzip.compress(text, mtime=0) if path.suffix == ".gz" else text)
    except OSError as exc:
        raise click.FileError(str(path), exc.strerror or str(exc)) from exc
