"""What the body of a gate's call says: whose gate it is, and of which revision.

A webhook of Flagger's, or what a person writes by hand: then a name and a namespace, as the load
tester wants them. What else stands in it does not matter.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from starlette.exceptions import HTTPException

from judge.api.bodies import parse
from judge.store.gate import Asking

LONGEST = 253  # characters, as Kubernetes has it
LONGEST_TOLD = 200  # characters of a checksum or a phase; Flagger's have 10 and 16
_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9_.-]*[A-Za-z0-9])?")


@dataclass(frozen=True, slots=True)
class Named:
    """A Canary, and what is said of its rollout. The names are empty where none are told."""

    namespace: str
    name: str
    asking: Asking

    @property
    def can_be(self) -> bool:
        """Whether there can be a Canary of these names."""
        return all(
            len(text) <= LONGEST and _NAME.fullmatch(text) for text in (self.namespace, self.name)
        )


def read_named(body: bytes) -> Named:
    """What ``body`` names. Raises ValueError where it is no JSON; 400 where that names nothing."""
    sent = parse(body)
    if not isinstance(sent, dict):
        raise HTTPException(400, "the body is no JSON object with a name and a namespace")
    return Named(
        _text(sent, "namespace"),
        _text(sent, "name"),
        Asking(_short(sent, "checksum"), _short(sent, "phase")),
    )


def _text(sent: dict[str, Any], key: str) -> str:
    value = sent.get(key)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise HTTPException(400, f"{key} is no text")
    return value


def _short(sent: dict[str, Any], key: str) -> str:
    text = _text(sent, key)
    if len(text) > LONGEST_TOLD or text.split() not in ([], [text]):
        told = f"{key} has more than {LONGEST_TOLD} characters or a space in it"
        raise HTTPException(400, told)
    return text
