"""What the scores of an execution come to in the end: passed or not, and the sentence for it.

Source: Kayenta a69573be; the sentences are those that its API answers.
"""

from __future__ import annotations

from dataclasses import dataclass

NOTHING_JUDGED = "There were no successful canary judgements to aggregate"


@dataclass(frozen=True, slots=True)
class Aggregate:
    """Whether the execution passed, and why."""

    passed: bool
    message: str


def aggregate(final: float, *, marginal: float | None, passing: float | None) -> Aggregate:
    """What the ``final`` score (0 to 100) comes to; a threshold that is None holds nobody up."""
    score = float(final)
    if marginal is None and passing is None:
        return Aggregate(True, "No score thresholds were specified.")
    if marginal is not None and final <= marginal:
        return Aggregate(
            False, f"Final canary score {score} is not above the marginal score threshold."
        )
    if passing is None:
        return Aggregate(True, "No pass score threshold was specified.")
    said = "met or exceeded" if final >= passing else "is below"
    return Aggregate(
        final >= passing, f"Final canary score {score} {said} the pass score threshold."
    )
