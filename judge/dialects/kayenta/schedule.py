"""When a standalone canary analysis judges, and over which stretch of time each judgement goes.

Owned here: lifetime, interval, how many judgements there are and the window of each. Promised:
the peer's numbers, and an error that names the field where it would have none. Not here: reading
a request (`bodies`), what becomes of it (`requests`). Source: Kayenta a69573be.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from judge.dialects.kayenta.instants import millis
from judge.runs.run import Window
from judge.spec.units import LONGEST

MINUTE = 60.0


class ScheduleError(ValueError):
    """A time that no judgements come of; ``field`` is what to write otherwise."""

    def __init__(self, field: str, message: str) -> None:
        self.field = field
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class Times:
    """What a request says of its times: instants in Unix seconds, lengths in whole minutes."""

    start: float | None = None
    end: float | None = None
    lifetime: int | None = None
    interval: int | None = None
    begin_after: int = 0
    lookback: int = 0


@dataclass(frozen=True, slots=True)
class Schedule:
    """The judgements of an execution. Lengths in seconds.

    ``begins`` is when the first window does, ``at_once`` whether nothing is waited for.
    """

    begins: float
    interval: float
    judgements: int
    lookback: float
    at_once: bool

    def window(self, number: int) -> Window:
        """What judgement ``number``, from 1, goes over; both ends are in it."""
        end = self.begins + number * self.interval
        return Window(end - self.lookback if self.lookback else self.begins, end)

    @property
    def longest(self) -> float:
        """Seconds of the longest window."""
        return self.lookback or self.judgements * self.interval

    @property
    def longest_reading(self) -> float:
        """Seconds that one look reads at most: what is new, and with the first what lies before."""
        return max(self.interval, self.lookback)

    def common_step(self, step: int) -> int:
        """Seconds between readings such that each window has values ``step`` after its start.

        Looks are read one by one, so the windows' starts must be among their points.
        """
        if self.judgements == 1 and not self.lookback:
            return step
        return math.gcd(step, int(self.interval), int(self.lookback))


def schedule(times: Times, *, now: float) -> Schedule:
    """The judgements that ``times`` ask for. Raises `ScheduleError`.

    Where an end is given all of it is judged at once, and no warm-up is left out: the request is
    about a stretch of time that its caller knows.
    """
    start = now if times.start is None else times.start
    lifetime = lifetime_minutes(start, times)
    interval = _interval(times, lifetime)
    warmup = 0 if times.end is not None else times.begin_after
    return Schedule(
        begins=start + warmup * MINUTE,
        interval=interval * MINUTE,
        judgements=lifetime // interval,
        lookback=times.lookback * MINUTE,
        at_once=times.end is not None,
    )


def lifetime_minutes(start: float, times: Times) -> int:
    """How long it is judged: whole minutes up to the end, or as many as are asked for."""
    if times.end is None:
        if times.lifetime is None:
            raise ScheduleError(
                "lifetimeDurationMins",
                "is missing, and so is endTimeIso of the first scope; write one of them",
            )
        if times.lifetime < 1:
            raise ScheduleError("lifetimeDurationMins", "must be 1 or more")
        return times.lifetime
    if times.end - start > LONGEST:
        raise ScheduleError(
            "scopes[0].endTimeIso", "lies more than ten years after the start; write an earlier end"
        )
    minutes = (millis(times.end) - millis(start)) // millis(MINUTE)
    if minutes < 1:
        raise ScheduleError(
            "scopes[0].endTimeIso", "must lie a minute or more after the start; write a later end"
        )
    return minutes


def _interval(times: Times, lifetime: int) -> int:
    """Minutes between judgements; nothing, none or too many stand for one judgement of it all."""
    return min(times.interval or lifetime, lifetime)
