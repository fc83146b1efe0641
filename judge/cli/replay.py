"""``judge replay``: judge evidence bundles again, out of their samples alone."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import click

from judge.cli.render import OUTPUTS
from judge.cli.sequences import check_form, document_by_look, render_by_look, sequence_option
from judge.errors import BundleError
from judge.sources.recording import Bundle, read_bundle
from judge.verdict.judging import make_judge
from judge.verdict.verdict import Verdict

UNREADABLE = 2
_SUFFIXES = (".json", ".json.gz")


@click.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--output", type=click.Choice(OUTPUTS), default="text", show_default=True)
@sequence_option
def replay(paths: tuple[Path, ...], output: str, sequence: bool) -> None:
    """Judge evidence bundles (files, or folders of .json and .json.gz) again.

    Recorded verdicts are never read. With --output json, one line a bundle.
    """
    check_form(output, sequence=sequence)
    unreadable = False
    for path in _progress(_bundles(paths), shown=output == "json"):
        try:
            bundle = read_bundle(path)
        except BundleError as error:
            click.echo(str(error), err=True)
            unreadable = True
            continue
        told = judged_by_look(bundle) if sequence else []
        verdict = told[-1] if told else judged(bundle)
        click.echo(_told(path, bundle, verdict, told, output))
    if unreadable:
        sys.exit(UNREADABLE)


def judged(bundle: Bundle) -> Verdict:
    """The verdict that a daemon would have reached on this bundle.

    A bundle that ends before its run does is judged as far as it goes.
    """
    judge = make_judge(bundle.analysis, bundle.history)
    return judge.decide(bundle.intervals, finished=_finished(bundle))


def judged_by_look(bundle: Bundle) -> list[Verdict]:
    """What a daemon would have said of it after each interval, up to that verdict."""
    judge = make_judge(bundle.analysis, bundle.history)
    return judge.verdicts(bundle.intervals, finished=_finished(bundle))


def _finished(bundle: Bundle) -> bool:
    return len(bundle.intervals) >= bundle.analysis.looks


def _told(
    path: Path, bundle: Bundle, verdict: Verdict, told: Sequence[Verdict], output: str
) -> str:
    if output == "json":
        return json.dumps({"bundle": str(path), **document_by_look(verdict, told)})
    return f"{path}\n{render_by_look(verdict, told, bundle.analysis, output)}"


def _bundles(paths: tuple[Path, ...]) -> list[Path]:
    """The files meant: a folder stands for the bundles in it, in the order of their names."""
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            inside = sorted(p for p in path.iterdir() if p.name.endswith(_SUFFIXES))
            if not inside:
                raise BundleError(f"{path}: holds no .json or .json.gz; name a folder of bundles")
            found.extend(inside)
        else:
            found.append(path)
    return found


def _progress(paths: list[Path], *, shown: bool) -> Iterator[Path]:
    """The same, with a bar on the terminal where many lines go elsewhere."""
    if not (shown and len(paths) > 20 and sys.stderr.isatty() and not sys.stdout.isatty()):
        yield from paths
        return
    from rich.console import Console
    from rich.progress import track

    bar: Any = track(paths, description="replaying", console=Console(stderr=True))
    yield from bar
