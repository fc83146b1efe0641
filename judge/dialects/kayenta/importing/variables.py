"""What Kayenta's variables are called in an analysis, which each track has for itself, and what
stands for their values until somebody fills them in.

Owned here: `Variables`. Promised: two variables of Kayenta's never become one; a metric that names
any variable tells its tracks apart by one. Not here: where they stand (`texts`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from judge.dialects.kayenta.importing.texts import Spot, Text, Use
from judge.spec import rendering
from judge.spec.rendering import SELECTOR, RenderingError
from judge.spec.resolved import BASELINE, CANARY
from judge.spec.template_document import GIVEN

FILL_IN = "CHANGE_ME"
SCOPE = "scope"
TRACKS = (BASELINE, CANARY)

_DURATION = "5m"
_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9_]+")

Key = tuple[str, str]
"""The scopeName of the metrics that name it, and the variable's name in Kayenta."""


@dataclass(frozen=True, slots=True)
class Needed:
    """The text of a metric, and the scopeName that gives it values."""

    scope_name: str
    text: Text

    @property
    def keys(self) -> tuple[Key, ...]:
        """The variables that it names, each once."""
        return tuple(dict.fromkeys((self.scope_name, use.name) for use in self.text.uses))


class Variables:
    """The variables of all metrics of a configuration."""

    def __init__(self, needed: Sequence[Needed]) -> None:
        self._uses: dict[Key, list[Use]] = {}
        for one in needed:
            for use in one.text.uses:
                self._uses.setdefault((one.scope_name, use.name), []).append(use)
        self._main = needed[0].scope_name if needed else ""
        self._own = _own(needed)
        self.selector = self._selector()
        self._names = self._named()

    def place(self, scope_name: str, name: str) -> str:
        """The place of a variable, as a query writes it."""
        key = (scope_name, name)
        return f"{{{{ {SELECTOR if key == self.selector else self._names[key]} }}}}"

    def keys(self) -> tuple[Key, ...]:
        """All of them, in the order in which the metrics name them."""
        return tuple(self._uses)

    def ours(self, key: Key) -> str:
        """What Kayenta's variable is called."""
        return SELECTOR if key == self.selector else self._names[key]

    def inputs(self, key: Key) -> tuple[str, ...]:
        """What a caller sets for it: one for both tracks, or one for each; none of a selector."""
        if key == self.selector:
            return ()
        name = self._names[key]
        return tuple(_joined(track, name) for track in TRACKS) if key in self._own else (name,)

    def spots(self, key: Key) -> frozenset[Spot]:
        """Where it stands."""
        return frozenset(use.spot for use in self._uses[key])

    def defaults(self, key: Key) -> tuple[str, ...]:
        """What its templates say where nobody sets it."""
        said = (use.default for use in self._uses[key])
        return tuple(dict.fromkeys(one for one in said if one is not None))

    def values(self) -> dict[str, str]:
        """What stands for each input until it is filled in, or is its default."""
        found = {}
        for key in self.keys():
            for i, name in enumerate(self.inputs(key)):
                track = f"_{TRACKS[i]}" if key in self._own else ""
                found[name] = self._value(key, track)
        return found

    def of_track(self, track: str) -> dict[str, str]:
        """The track's own variables, each set by an input."""
        return {
            self._names[key]: f"{{{{ {_joined(track, self._names[key])} }}}}"
            for key in self.keys()
            if key in self._own and key != self.selector
        }

    def _value(self, key: Key, track: str) -> str:
        for default in self.defaults(key):
            # A default that is the same on both sides would leave nothing to compare.
            if not track and self._fits(key, default):
                return default
        if Spot.DURATION in self.spots(key) and not track:
            return _DURATION
        return f"{FILL_IN}{track}"

    def _fits(self, key: Key, value: str) -> bool:
        if self.spots(key) == {Spot.STRING}:
            return True
        try:
            rendering.render("{{ x }}", {"x": value})
        except RenderingError:
            return False
        return True

    def _selector(self) -> Key | None:
        """The one variable that is always a list of matchers by itself: our tracks' selector."""
        whole = [key for key in self._own if self.spots(key) == {Spot.MATCHERS}]
        return whole[0] if len(whole) == 1 else None

    def _named(self) -> dict[Key, str]:
        names: dict[Key, str] = {}
        taken = set(GIVEN)
        for key in self.keys():
            if key != self.selector:
                names[key] = _free(self._wanted(*key), taken)
                taken |= _with_inputs(names[key])
        return names

    def _wanted(self, scope_name: str, name: str) -> str:
        """A name of ours; of another scope than the first metric's with that before it."""
        wanted = _NOT_IN_NAMES.sub("_", name).strip("_") or "value"
        if scope_name != self._main:
            wanted = _joined(_NOT_IN_NAMES.sub("_", scope_name), wanted)
        return f"_{wanted}" if wanted[0].isdigit() else wanted


def _own(needed: Sequence[Needed]) -> dict[Key, None]:
    """What each track has for itself: the scope, and all that a metric without a scope names."""
    own: dict[Key, None] = {}
    for one in needed:
        scope = (one.scope_name, SCOPE)
        own |= dict.fromkeys([scope] if scope in one.keys else one.keys)
    return own


def _joined(first: str, second: str) -> str:
    return f"{first}{second[0].upper()}{second[1:]}"


def _with_inputs(name: str) -> set[str]:
    return {name, *(_joined(track, name) for track in TRACKS)}


def _free(wanted: str, taken: set[str]) -> str:
    return next(name for name in _candidates(wanted) if not _with_inputs(name) & taken)


def _candidates(wanted: str) -> Iterator[str]:
    yield wanted
    yield from (f"{wanted}{i}" for i in range(2, 10_000))
