"""``judge serve``: the daemon with its HTTP API, until it is told to stop."""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path
from typing import Any

import click


@click.command()
@click.option("--host", help="Address to listen on. [127.0.0.1]")
@click.option("--port", type=int, help="Port to listen on; 0 takes any free one. [8080]")
@click.option("--database", help="Where runs are kept. [sqlite:///judge.db]")
@click.option(
    "--token-file",
    type=click.Path(path_type=Path),
    help="Whose tokens are let in; needed to listen on anything but loopback.",
)
@click.option("--analyses", type=click.Path(path_type=Path), help="Folder of stored analyses.")
@click.option(
    "--config",
    type=click.Path(path_type=Path),
    help="Settings file (YAML), for these and all other settings. [JUDGE_CONFIG]",
)
@click.option("--log-format", help="text or json. [text]")
@click.option("--log-level", help="debug, info, warning or error. [info]")
def serve(config: Path | None, **flags: Any) -> None:
    """Run the daemon and its HTTP API.

    Each setting is a flag, an environment variable (JUDGE_PORT) or a line of the settings file.
    SIGTERM lets what is under way finish; what does not is taken up again by the next start.
    """
    from judge.cli.logs import configure_logs
    from judge.cli.serving import serve_until_stopped
    from judge.settings import read_settings

    settings = read_settings(flags=flags, config=config)
    configure_logs(settings)
    serve_until_stopped(settings, listening=click.echo)
    _leave()


def _leave() -> None:
    """End now: a read of Prometheus may still wait in a thread, and nothing can interrupt that."""
    if threading.active_count() > 1:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(0)
