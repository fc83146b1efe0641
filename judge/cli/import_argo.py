"""``judge import argo``: an analysis made of Argo Rollouts' analysis templates.

Exit codes: 0 there is one, 2 the files cannot be used.
"""

from __future__ import annotations

from pathlib import Path

import click

from judge.cli.assignments import assignments


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the analysis there; the list of what differs is then all that is printed.",
)
@click.option(
    "--set",
    "given",
    multiple=True,
    metavar="NAME=VALUE",
    callback=assignments,
    help="The value of an argument. Repeatable.",
)
def argo(files: tuple[Path, ...], output: Path | None, given: dict[str, str]) -> None:
    """Turn analysis templates of Argo Rollouts' (YAML FILES) into an analysis.

    FILES hold AnalysisTemplates and ClusterAnalysisTemplates, and best the Rollout that asks for
    them. What the analysis cannot say the same way is told as file:line:column: path: what differs.
    """
    from judge.dialects.argo.importing.analysis import imported
    from judge.spec.written import read_documents, read_file

    documents = [
        document
        for file in files
        for document in read_documents(read_file(file, shown=str(file)), source=str(file))
    ]
    made = imported(documents, given=given)
    lines = [str(remark) for remark in made.remarks]
    if output is None:
        click.echo(made.text, nl=False)
        click.echo("\n".join(lines), err=True, nl=bool(lines))
        return
    _write(output, made.text)
    what = "fill in what a rollout sets, or pass it. Next:" if made.to_fill_in else "Next:"
    click.echo("\n".join([*lines, f"{output}: {what}"]))
    click.echo(f"  judge check {output}")


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise click.BadParameter(f"cannot be written: {error}", param_hint="--output") from error
