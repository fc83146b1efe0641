"""One side of a canary in Kayenta's terms: whose series are read, and when.

Owned here: `Scope` and the variables that it gives to templates. Not here: reading scopes out of a
request (`requests`), what a query makes of them (`queries`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

PROJECT = "project"
RESOURCE_TYPE = "resourceType"


@dataclass(frozen=True, slots=True)
class Scope:
    """A control or an experiment.

    ``params`` are its extendedScopeParams, as texts. ``step`` is in seconds. A look reads from
    ``begins`` seconds after its interval's start (before it where that is negative) and for
    ``lasts`` seconds, None for as long as the interval: as `judge.spec.resolved.Query` has it.
    """

    scope: str = ""
    location: str = ""
    params: Mapping[str, str] = field(default_factory=dict)
    step: float = 60.0
    begins: float = 0.0
    lasts: float | None = None

    @property
    def project(self) -> str:
        """The project, which stands among the parameters; "" where nobody said."""
        return self.params.get(PROJECT, "")

    @property
    def resource_type(self) -> str:
        """The type of resource of queries that name none; "" where nobody said."""
        return self.params.get(RESOURCE_TYPE, "")

    def variables(self, resource_type: str = "") -> dict[str, str]:
        """What a template sees for a query of ``resource_type``; the parameters go before all."""
        given = {
            PROJECT: self.project,
            RESOURCE_TYPE: resource_type or self.resource_type,
            "scope": self.scope,
            "location": self.location,
        }
        return {**{name: value for name, value in given.items() if value}, **self.params}
