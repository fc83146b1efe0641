"""How Kayenta's judge takes one metric, with the constants that its configuration cannot change."""

from __future__ import annotations

from dataclasses import dataclass, field

from judge.spec.kayenta_rules import KayentaRules
from judge.spec.resolved import Direction

TOLERANCE = 0.25
"""Of the estimate: a shift must lie beyond it with all of its interval."""
CONFIDENCE = 0.98


@dataclass(frozen=True, slots=True)
class Terms:
    """How one metric is taken: its name as reasons say it, and its rules."""

    name: str
    rules: KayentaRules = field(default_factory=KayentaRules)
    direction: Direction = Direction.EITHER
    critical: bool = False
    strict: bool = False
    tolerance: float = TOLERANCE
    confidence: float = CONFIDENCE
