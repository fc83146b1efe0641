"""How often, and after how long, a request is tried again.

Owned here: the number of tries and the pause between two. Full jitter (Brooker, "Exponential
backoff and jitter", 2015), so that many runs do not come back at once; a server's Retry-After is
waited for, up to a cap. Not here: which failures are worth another try (`client`).
"""

from __future__ import annotations

import email.utils
import random
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Retries:
    """``tries`` in all; pauses of up to ``base`` x 2^n seconds, never more than ``cap``."""

    tries: int = 3
    base: float = 0.25
    cap: float = 5.0

    def pause(self, failed: int, *, asked: float | None, generator: random.Random) -> float:
        """Seconds to wait after the ``failed``-th failure (from 1); ``asked`` by Retry-After."""
        jitter = generator.uniform(0.0, min(self.cap, self.base * 2 ** (failed - 1)))
        return min(self.cap, asked) if asked is not None else jitter


def retry_after(header: str | None, *, now: float) -> float | None:
    """Seconds that a Retry-After header asks for: a number or an HTTP date (RFC 9110, 10.2.3)."""
    if not header:
        return None
    text = header.strip()
    if text.isdigit():
        return float(text)
    try:
        return max(0.0, email.utils.parsedate_to_datetime(text).timestamp() - now)
    except ValueError:
        return None
