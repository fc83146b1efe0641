"""Every error that Judge raises on purpose, one branch a door.

    JudgeError                    a message that says what is wrong and what to do next
    ├── SpecError                 what a user wrote (file, flag, request); carries its Issues
    ├── BundleError               an evidence bundle that cannot be read
    ├── SettingsError             a setting, token file or analyses folder that cannot be used
    ├── SourceError               Prometheus did not answer as needed
    │   ├── SourceUnavailable     out of reach, too slow, overloaded: worth another try later
    │   │   └── QueryTooLarge     the query took too long or yielded too much: a smaller one may do
    │   ├── SourceRejected        it refused the query or the credentials: another try is useless
    │   └── SourceMalformed       it answered with something that is not its API
    ├── StoreError                the database
    │   ├── NotFound              no such run or document
    │   ├── Conflict              the run or document is not in a state that allows it
    │   └── LeaseLost             somebody else owns the run now; what was to be written was not
    ├── ServerError               a Judge server refused what a command asked of it
    │   └── ServerUnavailable     it is out of reach or failing: worth another try later
    └── ActionError               a webhook's delivery failed; says whether another try is useful

Library errors are wrapped with ``from exc``. Programming mistakes (ValueError, TypeError) are not
in this tree: nobody should catch them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


class JudgeError(Exception):
    """Anything that Judge refuses or fails at, with a message for the person who can mend it."""


@dataclass(frozen=True, slots=True)
class Issue:
    """One thing wrong in what a user wrote.

    ``path`` is the dotted place in the document (``spec.metrics[0].limit``), ``source`` the file
    or ``<request>``; ``line`` and ``column`` count from 1 and are 0 where the text is not known.
    """

    path: str
    message: str
    source: str = ""
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        place = ":".join(str(part) for part in (self.source, self.line, self.column) if part)
        return ": ".join(part for part in (place, self.path, self.message) if part)


class SpecError(JudgeError):
    """What a user wrote cannot be used; ``issues`` says all that is wrong with it."""

    def __init__(self, issues: Sequence[Issue]) -> None:
        self.issues = tuple(issues)
        super().__init__("\n".join(str(issue) for issue in self.issues))


class BundleError(JudgeError):
    """An evidence bundle cannot be read."""


class SettingsError(JudgeError):
    """A setting, a token file or a folder named in the settings cannot be used."""


class SourceError(JudgeError):
    """Prometheus did not answer as needed. ``body`` keeps what it said, cut to 2 kB."""

    def __init__(self, message: str, *, status: int | None = None, body: str = "") -> None:
        self.status = status
        self.body = body[:2048]
        super().__init__(message)


class SourceUnavailable(SourceError):
    """Out of reach, too slow or overloaded; another try later may work."""


class QueryTooLarge(SourceUnavailable):
    """The query took too long or yielded too much; a smaller one may work."""


class SourceRejected(SourceError):
    """The query or the credentials were refused; another try is useless."""


class SourceMalformed(SourceError):
    """The answer is not one of Prometheus's API."""


class StoreError(JudgeError):
    """The database could not do what was asked."""


class NotFound(StoreError):
    """No such row."""


class Conflict(StoreError):
    """The row is not in a state that allows the change."""


class LeaseLost(StoreError):
    """A newer owner has the run; nothing was written."""


class ServerError(JudgeError):
    """A Judge server refused a request.

    ``status`` is HTTP's, None where there was no answer; ``issues`` are what it said is wrong with
    a document.
    """

    def __init__(
        self, message: str, *, status: int | None = None, issues: Sequence[Issue] = ()
    ) -> None:
        self.status = status
        self.issues = tuple(issues)
        super().__init__(message)


class ServerUnavailable(ServerError):
    """The server is out of reach, too slow, or failing; another try later may work."""


class ActionError(JudgeError):
    """An action failed. ``retry`` says whether another try may work."""

    def __init__(self, message: str, *, retry: bool, after: float | None = None) -> None:
        self.retry = retry
        self.after = after
        super().__init__(message)
