import numpy as np
import pytest

from judge.spec.resolved import Direction
from judge.stats.confidence import Effect
from judge.stats.samples import Absence
from judge.verdict import reasons
from judge.verdict.kinds.looked import Amount, Looked
from tests.verdict.rollouts import metric


def looked(canary, baseline):
    """Events on each track, among 3,000 and 27,000 requests."""
    totals = 3000, 27000
    told = (canary, totals[0]), (baseline, totals[1])
    amount = Amount(30, 30, 1, requests=totals, events=(canary, baseline), told=told)
    return Looked(amount, None, None, 1.0, (np.ones(30, bool), np.ones(30, bool)), absent={})


SEEN, NOTHING, CLEAN_BASELINE = looked(35, 90), looked(0, 0), looked(35, 0)


@pytest.mark.parametrize(
    ("effect", "seen", "said"),
    [
        (
            Effect(3.14, 2.2, 4.31),
            SEEN,
            "error rate 3.1 times the baseline's, between 2.2 and 4.3; limit 1.25",
        ),
        (Effect(3.14, 2.2, None), SEEN, "error rate 3.1 times the baseline's, at least 2.2"),
        (Effect(0.5, None, 1.9), SEEN, "error rate 0.50 times the baseline's, at most 1.90"),
        (Effect(1.0, None, None), SEEN, "error rate 1.00 times the baseline's; limit 1.25"),
        (
            Effect(None, 8.1, None),
            CLEAN_BASELINE,
            (
                "error rate: 35 of 3,000 on the canary, 0 of 27,000 on the baseline, "
                "at least 8.1 times as often; limit 1.25"
            ),
        ),
        (
            Effect(None, None, None),
            NOTHING,
            "error rate: 0 of 3,000 on the canary, 0 of 27,000 on the baseline; limit 1.25",
        ),
    ],
)
def test_what_was_measured_is_told_with_its_bounds_and_the_limit(effect, seen, said):
    assert reasons.measured(metric(), effect, seen, "canary").startswith(said)


@pytest.mark.parametrize(
    ("direction", "worst", "said"),
    [
        (Direction.INCREASE, 2.0, "a 2-fold increase is ruled out"),
        (Direction.INCREASE, 1.95, "a 1.95-fold increase is ruled out"),
        (Direction.DECREASE, 0.5, "a fall to 0.50 times is ruled out"),
        (Direction.EITHER, 3.0, "a 3-fold change is ruled out"),
    ],
)
def test_what_must_not_be_missed_is_told_in_its_direction(direction, worst, said):
    judged = metric(direction=direction, worst=worst)
    assert reasons.ruled_out(judged, Effect(1.0, 0.9, 1.1), 0.05) == said
    assert reasons.ruled_out(judged, Effect(1.0, None, None), 0.05) == f"{said} (at 5 %)"


def test_only_an_interval_that_reaches_the_worst_on_its_bad_side_needs_the_proofs_error():
    reaching = Effect(1.0, 0.3, 1.2)
    assert not reasons.ruled_out(metric(worst=2.0), reaching, 0.05).endswith("(at 5 %)")
    falling = metric(direction=Direction.DECREASE, worst=0.5)
    assert reasons.ruled_out(falling, reaching, 0.05).endswith("(at 5 %)")


def test_what_is_left_open_is_told():
    told = reasons.not_ruled_out(metric(), Effect(1.1, 0.7, 2.6))
    assert told == "a 2-fold increase is still possible: 0.70 to 2.6"


def test_a_limit_in_both_directions_is_told_as_two():
    assert reasons.limit(metric(direction=Direction.EITHER)) == "limit 0.80 to 1.25"


def test_the_pods_that_would_do_are_told():
    told = reasons.weak(metric(), "canary", 0.3, 1, 4, learned=True)
    assert told == (
        "the pods differ by 30% for good, so 1 canary pod cannot convict a 2-fold increase; 4 could"
    )
    assert "nor could more" in reasons.weak(metric(), "canary", 0.3, 2, None, learned=True)
    assumed = reasons.weak(metric(), "canary", 0.2, 1, 4, learned=False)
    assert assumed.startswith("the pods may differ by 20%, so 1 canary pod cannot")


def test_reasons_for_holes_come_most_frequent_first():
    told = reasons.absences({Absence.NO_DATA: 2, Absence.PARTIAL: 9}, "canary")
    assert told == " (canary without samples: 9 x partial, 2 x no data)"
    assert reasons.absences({}, "canary") == ""


def test_many_broken_pods_are_counted():
    told = reasons.not_finite(metric(), ["a", "b", "c", "d", "e"])
    assert "from a, b, c and 2 more" in told


@pytest.mark.parametrize(("value", "said"), [(1.25, "1.25"), (3.14, "3.1"), (1234.5, "1,234")])
def test_figures_have_the_digits_that_matter(value, said):
    assert reasons.figure(value) == said
