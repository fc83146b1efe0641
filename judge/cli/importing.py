"""``judge import``: analyses made of other systems' configurations.

Exit codes: 0 there is one, 2 the file cannot be used.
"""

from __future__ import annotations

from pathlib import Path

import click

from judge.cli.import_argo import argo
from judge.cli.import_flagger import flagger


@click.group("import")
def import_() -> None:
    """Turn other systems' configurations into analyses."""


@import_.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the analysis there; the list of what differs is then all that is printed.",
)
def kayenta(file: Path, output: Path | None) -> None:
    """Turn a canary configuration of Kayenta's (JSON FILE) into an analysis.

    What the analysis cannot say the same way is told as file:line:column: path: what differs.
    """
    from judge.dialects.kayenta.importing.analysis import imported
    from judge.spec.written import read_file, read_written

    read = read_written(read_file(file, shown=str(file)), source=str(file))
    made = imported(read, shown=file.name)
    lines = [str(remark) for remark in made.remarks]
    if output is None:
        click.echo(made.text, nl=False)
        click.echo("\n".join(lines), err=True, nl=bool(lines))
        return
    _write(output, made.text)
    click.echo("\n".join([*lines, f"{output}: fill in what Kayenta's requests carry. Next:"]))
    click.echo(f"  judge check {output}")


import_.add_command(argo)
import_.add_command(flagger)


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise click.BadParameter(f"cannot be written: {error}", param_hint="--output") from error
