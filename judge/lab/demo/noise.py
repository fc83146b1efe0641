"""How a pod's error rate wobbles: around one, together with the others and by itself.

Owned here: a slowly wandering log-rate (an Ornstein-Uhlenbeck process). It gives the demo's
traffic the slight overdispersion that real services have. Not here: who fails, and how often.
"""

from __future__ import annotations

import math
import random


class Wobble:
    """A log-rate that wanders around zero with standard deviation ``sd``, remembering ``memory`` s.

    Stationary from the start: its first value is drawn from its long-run distribution.
    """

    def __init__(self, *, sd: float, memory: float, rng: random.Random) -> None:
        self._sd = sd
        self._memory = memory
        self._rng = rng
        self.value = rng.gauss(0.0, sd)

    def step(self, seconds: float) -> None:
        """Let ``seconds`` pass."""
        kept = math.exp(-seconds / self._memory)
        self.value = kept * self.value + self._rng.gauss(0.0, self._sd * math.sqrt(1 - kept**2))

    @property
    def factor(self) -> float:
        """What a rate is multiplied by now; its mean over time is one."""
        return math.exp(self.value - self._sd**2 / 2)
