"""The ``judge`` command. Each command is a module of its own, imported only when it is called.

Exit codes of verdict, watch and wait: 0 pass, 1 fail, 2 usage or configuration, 3 inconclusive,
4 could not judge, or could not do what the verdict sets off. Every other command: 0, 2, 4. What is
interrupted has 130. An error of our own, which Python would end with 1, has 4: it is no verdict.
"""

from __future__ import annotations

import importlib
import keyword
import sys
import traceback
from typing import Any

import click

from judge import __version__
from judge.errors import ActionError, JudgeError, ServerUnavailable, SourceError, StoreError

COULD_NOT_JUDGE = 4
USAGE = 2
INTERRUPTED = 130

COMMANDS = {
    "serve": ("judge.cli.serve", "Run the daemon and its HTTP API."),
    "verdict": ("judge.cli.verdict", "Judge a finished window once."),
    "watch": ("judge.cli.watch", "Run a whole analysis in the terminal."),
    "replay": ("judge.cli.replay", "Judge evidence bundles again."),
    "check": ("judge.cli.check", "Check analyses, and their queries."),
    "plan": ("judge.cli.plan", "Say what a run will see, from the service's own history."),
    "backtest": ("judge.cli.backtest", "Replay an analysis on the past."),
    "import": ("judge.cli.importing", "Turn other systems' configurations into analyses."),
    "templates": ("judge.cli.templates", "List, show, render and suggest metric templates."),
    "start": ("judge.cli.start", "Start a run on a server."),
    "wait": ("judge.cli.wait", "Wait for a run's verdict."),
    "runs": ("judge.cli.runs", "List a server's runs."),
    "show": ("judge.cli.show", "Show a run."),
    "tokens": ("judge.cli.tokens", "Make a token for the token file."),
    "demo": ("judge.cli.demo", "Judge two recorded rollouts, live."),
    "lab": ("judge.cli.lab", "Measure the judge and its peers on simulated rollouts."),
}


class LazyGroup(click.Group):
    """A group whose commands are imported by name: scipy and FastAPI cost a second."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Every command, in the order in which a newcomer meets them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command, its module imported now."""
        if cmd_name not in COMMANDS:
            return None
        name = f"{cmd_name}_" if keyword.iskeyword(cmd_name) else cmd_name
        command = getattr(importlib.import_module(COMMANDS[cmd_name][0]), name)
        if not isinstance(command, click.Command):
            raise TypeError(f"{COMMANDS[cmd_name][0]}.{name} is no command")
        return command

    def invoke(self, ctx: click.Context) -> Any:
        """Call the command; one that is interrupted says so, in no verdict's exit code."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            click.echo("interrupted", err=True)
            ctx.exit(INTERRUPTED)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list in ``judge --help``, from the table above, without an import."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])


@click.command(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="judge")
def judge() -> None:
    """Decide whether a release goes on: canary analysis on Prometheus that keeps a promise."""


def main() -> None:
    """Run the command line; an error of ours is one clear message and an exit code."""
    try:
        judge.main(standalone_mode=True)
    except (SourceError, StoreError, ServerUnavailable, ActionError) as error:
        click.echo(f"judge: {error}", err=True)
        sys.exit(COULD_NOT_JUDGE)
    except JudgeError as error:
        click.echo(str(error), err=True)
        sys.exit(USAGE)
    except Exception:  # noqa: BLE001 -- the door: exit code 1 would be a verdict
        traceback.print_exc()
        sys.exit(COULD_NOT_JUDGE)
