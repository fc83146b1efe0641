"""The end of a demo: what came of it, whether that is as it should be, and what to look at next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.text import Text

from judge.cli.demonstration.evidence import write_evidence
from judge.cli.demonstration.play import Played
from judge.cli.invocation import again
from judge.cli.live.board import STYLES, WORDS
from judge.verdict.verdict import Outcome, Promise

PROMISES = {
    Promise.EXACT: "the bound on false rollbacks holds exactly",
    Promise.CALIBRATED: "the bound on false rollbacks is calibrated on the baseline's own history",
    Promise.EMPIRICAL: "the bound on false rollbacks is measured on pairs of past days",
    Promise.UNCALIBRATED: "too little history to calibrate the bound on false rollbacks",
    Promise.NONE: "Kayenta's judge makes no promise",
}


@dataclass(frozen=True, slots=True)
class Shown:
    """A rollout that was shown, and the verdict that is right for it."""

    title: str
    expected: Outcome
    played: Played

    @property
    def faults(self) -> list[str]:
        """What is not as it should be; nothing, one hopes."""
        found = []
        verdict = self.played.run["verdict"]
        if verdict != self.expected:
            found.append(f"the verdict should be {self.expected}, and is {verdict}")
        if self.played.webhook is None:
            found.append("its webhook did not arrive")
        elif self.played.webhook.body["data"]["verdict"] != verdict:
            found.append("its webhook tells of another verdict")
        return found


def close(shown: Sequence[Shown], *, folder: Path, console: Console) -> bool:
    """Write the evidence to ``folder`` and say how it went; whether all is as it should be."""
    files = []
    for one in shown:
        _tell(one, console=console)
        files.append(write_evidence(one.played.evidence, folder))
    right = not any(one.faults for one in shown)
    if right:
        _point_on(files, folder, console=console)
    return right


def _tell(one: Shown, *, console: Console) -> None:
    run, webhook = one.played.run, one.played.webhook
    verdict = str(run["verdict"])
    head = Text(f"\n{one.title}: ").append(WORDS[verdict], style=f"bold {STYLES[verdict]}")
    _say(head, console)
    _say(Text(f"  {run['reason']}"), console)
    _say(
        Text(f"  after {run['looks']} of {run['looksPlanned']} looks; {PROMISES[run['promise']]}"),
        console,
    )
    if webhook is not None:
        kind = webhook.body["type"]
        _say(Text(f"  webhook {webhook.path} ({kind}) received, signature verified"), console)
    for fault in one.faults:
        _say(Text(f"  NOT AS IT SHOULD BE: {fault}", style="bold red"), console)


def _point_on(files: Sequence[Path], folder: Path, *, console: Console) -> None:
    commands = [
        (again("replay", str(files[0])), "the same verdict, out of the samples alone"),
        (
            again("serve", "--database", f"sqlite:///{folder / 'judge.db'}"),
            "the daemon with these runs; its API is on http://127.0.0.1:8080/docs",
        ),
        (again("runs"), "while it serves: its runs"),
        (again("demo", "--live"), "live: an application under load and a Prometheus of its own"),
        (again("templates", "list"), "the metrics that come with Judge"),
    ]
    _say(Text("\nWhat to look at next", style="bold"), console)
    for command, meaning in commands:
        _say(Text("  ").append(command, style="cyan").append(f"\n      {meaning}"), console)
    _say(Text('  README.md, "A first analysis of your own"'), console)


def _say(text: Text, console: Console) -> None:
    encoding = console.encoding
    known = text.plain.encode(encoding, "replace").decode(encoding)
    shown = text if known == text.plain else Text(known)
    console.print(shown, soft_wrap=True)
