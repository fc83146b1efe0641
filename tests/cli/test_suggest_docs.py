"""The page of ``judge templates suggest`` tells every option and everything that is proposed."""

from __future__ import annotations

import re
from pathlib import Path

from judge.cli.suggest import suggest
from judge.spec.suggestion.aims import AIMS

PAGE = (Path(__file__).parents[2] / "docs" / "suggest.md").read_text(encoding="utf-8")


def told(first: str) -> list[str]:
    """The words in the first column of the table that begins with a heading."""
    (table,) = re.findall(rf"^\| {first} \|.*\n\|---.*\n((?:\|.*\n)+)", PAGE, re.MULTILINE)
    return re.findall(r"`([^`]+)`", "".join(row.split("|")[1] for row in table.splitlines()))


def test_every_option_is_told() -> None:
    assert told("option") == [name for option in suggest.params for name in option.opts]


def test_everything_that_is_proposed_is_told() -> None:
    assert told("metric") == [aim.name for aim in AIMS]
