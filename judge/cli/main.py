"""The ``judge`` command: its groups are imported when they are called."""

from __future__ import annotations


def main() -> None:
    """Run the command line."""
    raise SystemExit("judge: no commands yet")
