"""``judge import flagger``: a Canary of Flagger's becomes an analysis, and is given its webhooks.

Exit codes: 0 there is an analysis, 2 the files cannot be used.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from judge.dialects.flagger.importing.analysis import Imported

JUDGE_URL = "http://judge.judge.svc:8080/hooks/TOKEN"

_STORED = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_WRITTEN = click.Path(path_type=Path, dir_okay=False)


def _url(_: click.Context, option: click.Parameter, value: str) -> str:
    from pydantic import TypeAdapter, ValidationError

    from judge.spec.fields import Url

    if value:
        try:
            TypeAdapter(Url).validate_python(value)
        except ValidationError as error:
            message = str(error.errors()[0]["ctx"]["error"])
            raise click.BadParameter(message, param=option) from error
    return value


@click.command()
@click.argument("files", type=click.Path(path_type=Path, dir_okay=False), nargs=-1, required=True)
@click.option(
    "-o",
    "--output",
    type=_WRITTEN,
    help="Write the analysis there; what differs and the webhooks are then all that is printed.",
)
@click.option(
    "--canary-out",
    type=_WRITTEN,
    help="Write the Canary's file there, with the webhooks that it lacks and no other change.",
)
@click.option("--canary", default="", metavar="NAME", help="Which Canary, where there are several.")
@click.option(
    "--judge-url",
    default=JUDGE_URL,
    callback=_url,
    show_default=True,
    metavar="URL",
    help="Where Flagger reaches Judge; TOKEN is one of the role hook.",
)
@click.option(
    "--provider",
    default="",
    metavar="NAME",
    help="Flagger's own mesh provider (-mesh-provider), for a Canary that names none.  "
    "[default: istio]",
)
@click.option(
    "--prometheus",
    default="",
    callback=_url,
    metavar="URL",
    help="The Prometheus that Judge reads.",
)
def flagger(
    files: tuple[Path, ...],
    output: Path | None,
    canary_out: Path | None,
    canary: str,
    judge_url: str,
    provider: str,
    prometheus: str,
) -> None:
    """Turn a Canary of Flagger's (YAML FILES, with its MetricTemplates) into an analysis.

    What the analysis cannot say the same way is told as file:line:column: path: what differs. The
    webhooks that the Canary lacks to ask Judge are printed, or written with --canary-out.
    """
    from judge.dialects.flagger.importing.analysis import Wanted, imported
    from judge.spec.written import read_documents, read_file

    documents = [
        one
        for file in files
        for one in read_documents(read_file(file, shown=str(file)), source=str(file))
    ]
    wanted = Wanted(
        canary=canary,
        stored_as=_stored_name(output),
        judge_url=judge_url,
        provider=provider,
        prometheus=prometheus,
    )
    made = imported(documents, wanted)
    text = made.canary_text() if canary_out else ""
    if output:
        _write(output, made.text, "--output")
    else:
        click.echo(made.text, nl=False)
    if canary_out:
        _write(canary_out, text, "--canary-out", ending=_ending(Path(made.read.source)))
    for line in _told(made, output, canary_out):
        click.echo(line, err=output is None)


def _stored_name(output: Path | None) -> str:
    """What the analysis is found by once its file lies in the folder of analyses."""
    stem = output.stem if output else ""
    return stem if _STORED.fullmatch(stem) else ""


def _told(made: Imported, output: Path | None, canary_out: Path | None) -> list[str]:
    lines = [str(remark) for remark in made.remarks]
    if canary_out:
        lines.append(f"{canary_out}: {_added(made)}")
    elif made.hooks:
        lines += [f"Add to {made.hooks_at} of {made.name}, or write them by --canary-out:"]
        lines += made.hook_lines()
    if output:
        lines.append(f"{output}: for the folder of Judge's setting analyses. Next:")
        lines.append(f"  judge check {output}")
    return lines


def _added(made: Imported) -> str:
    if not made.hooks:
        return "every webhook was there already"
    return f"with the webhooks {', '.join(hook.type for hook in made.hooks)}"


def _ending(path: Path) -> str:
    """How the lines of a file end, which reading it as text does not tell."""
    return "\r\n" if b"\r\n" in path.read_bytes() else "\n"


def _write(path: Path, text: str, option: str, *, ending: str = "\n") -> None:
    try:
        path.write_text(text, encoding="utf-8", newline=ending)
    except OSError as error:
        raise click.BadParameter(f"cannot be written: {error}", param_hint=option) from error
