"""A part of one of Argo Rollouts' documents, with its place in the file.

Owned here: reaching fields of the types that they must have. Promised: a field of another type is
told with its line. Not here: what fields mean; that other fields are there is for the cluster's API
server to say.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from judge.errors import Issue, SpecError
from judge.spec.written import Path, Written


@dataclass(frozen=True)
class Part:
    """The value at ``path`` of a document."""

    written: Written
    path: Path = ()

    @property
    def data(self) -> Any:
        """The plain value."""
        value = self.written.data
        for step in self.path:
            value = value[step]
        return value

    def issue(self, message: str, *at: str | int, offset: int | None = None) -> Issue:
        """A remark on this part, or on what is ``at`` within it."""
        return self.written.issue((*self.path, *at), message, offset=offset)

    def refused(self, message: str, *at: str | int, offset: int | None = None) -> SpecError:
        """The same as an error."""
        return SpecError([self.issue(message, *at, offset=offset)])

    def has(self, name: str) -> bool:
        """Whether the field is there and not null."""
        data = self.data
        return isinstance(data, Mapping) and data.get(name) is not None

    def part(self, *names: str) -> Part | None:
        """The mapping that is reached by ``names``; None where one of them is not there."""
        found = self
        for name in names:
            if not found.has(name):
                return None
            found = Part(self.written, (*found.path, name))
        if not isinstance(found.data, Mapping):
            raise found.refused("must be a mapping of names to values")
        return found

    def parts(self, name: str) -> list[Part]:
        """The mappings of the list ``name``; none where it is not there."""
        if not self.has(name):
            return []
        listed = self.data[name]
        if not isinstance(listed, list | tuple):
            raise self.refused("must be a list", name)
        found = [Part(self.written, (*self.path, name, i)) for i in range(len(listed))]
        for one in found:
            if not isinstance(one.data, Mapping):
                raise one.refused("must be a mapping of names to values")
        return found

    def text(self, name: str) -> str:
        """A text, or the text of a number; empty where it is not there."""
        value = self.data.get(name) if isinstance(self.data, Mapping) else None
        if value is None:
            return ""
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise self.refused("must be a text", name)
        return str(value)

    def flag(self, name: str) -> bool:
        """True where it says so."""
        return bool(self.has(name) and self.data[name] is True)
