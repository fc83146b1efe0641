"""The figures to reach, held against made-up tallies."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest

from judge.lab.contender import AnyContender, ours
from judge.lab.contenders import contenders
from judge.lab.count_scenarios import COUNT_SCENARIOS
from judge.lab.counts import CountScenario, Service
from judge.lab.effects import Effect
from judge.lab.promises import Breach, breaches, wald_minutes
from judge.lab.rollouts import Setting
from judge.lab.tally import Tally, tallied

HISTORIES, RUNS, LOOKS = 50, 100, 60


def scenario(name: str, setting: Setting) -> CountScenario:
    (found,) = (one for one in COUNT_SCENARIOS if one.name == name)
    return replace(found, settings=(setting,))


def tally(back: int = 0, *, at: int = 10, shown: int = 0, by: int = 20, longest: int = 60) -> Tally:
    """So many of 5,000 rolled back ``at`` a look, and ``shown`` to be fine by another one."""
    place = np.arange(HISTORIES * RUNS).reshape(RUNS, HISTORIES).T
    proven = place >= HISTORIES * RUNS - shown
    return tallied(np.where(place < back, at, 0), longest, proven, np.where(proven, by, 0))


def judge(one: CountScenario) -> AnyContender:
    (found,) = ours(one)
    return found


def found(
    one: CountScenario,
    by_effect: Mapping[Effect, Tally],
    others: Mapping[str, Mapping[Effect, Tally]] | None = None,
) -> list[Breach]:
    told = {judge(one).name: by_effect, **(others or {})}
    return list(breaches(one, contenders(one), told))


NOISY = scenario("own-incidents", Setting(0.05))
FINE = {1.0: tally(200, shown=4000), 2.0: tally(5000, shown=100)}


def test_nothing_is_said_of_promises_that_are_kept() -> None:
    assert found(NOISY, FINE) == []


def test_a_false_rollback_too_many_is_told_by_its_upper_bound() -> None:
    (near,) = found(NOISY, FINE | {1.0: tally(310)})
    assert near.what == "falseRollbacks"
    assert near.measured > near.allowed == pytest.approx(0.065)
    assert str(near).startswith("own-incidents: judge 5% rolls back 6.20%, at most 6.8")
    (far,) = found(NOISY, FINE | {1.0: tally(600)})
    assert far.doubtless
    (few,) = found(NOISY, FINE | {1.0: tallied(np.zeros((5, 4), np.int64), 60)})
    assert not few.doubtless  # twenty rollouts show nothing, and nothing against it either


def test_a_release_at_the_limit_is_a_good_one_and_one_beyond_is_not() -> None:
    one = scenario("own-incidents", Setting(0.01, 1.25))
    by_effect = {1.0: tally(), 1.25: tally(100), 1.5: tally(4000), 2.0: tally(5000)}
    (breach,) = found(one, by_effect)
    assert (breach.effect, breach.what) == (1.25, "falseRollbacks")
    assert str(breach).endswith("(1.25x)")


def test_a_worst_release_called_proven_is_told() -> None:
    (breach,) = found(NOISY, FINE | {2.0: tally(5000, shown=330)})
    assert (breach.what, breach.effect, breach.doubtless) == ("wrongPasses", 2.0, True)
    late = replace(NOISY, onset=30)
    assert found(late, FINE | {2.0: tally(5000, shown=330, at=40)}) == []


def test_what_is_not_calibrated_promises_nothing() -> None:
    one = scenario("own-incidents", Setting(0.05, calibrated=False))
    assert found(one, {1.0: tally(2000), 2.0: tally(shown=5000)}) == []


def test_wald_s_bound_is_three_minutes_for_twice_the_errors() -> None:
    """STATISTICS: 3.0 min at 2x, alpha 5 %."""
    plain = scenario("independent", Setting(0.05))
    assert wald_minutes(plain, alpha=0.05, limit=1.0, effect=2.0) == pytest.approx(2.95, abs=0.1)
    limited = wald_minutes(plain, alpha=0.05, limit=1.25, effect=2.0)
    assert limited > 1.5 * wald_minutes(plain, alpha=0.05, limit=1.0, effect=2.0)
    often = replace(plain, service=Service(error_rate=0.2))
    assert wald_minutes(often, alpha=0.05, limit=1.0, effect=2.0) < 0.1


def test_independent_requests_are_to_be_told_in_two_and_a_half_times_that() -> None:
    plain = scenario("independent", Setting(0.05))
    good = {1.0: tally(shown=5000)}
    assert found(plain, good | {2.0: tally(5000, at=7)}) == []
    (slow,) = found(plain, good | {2.0: tally(5000, at=8)})
    assert (slow.what, slow.measured) == ("slowOnIndependent", 8.0)
    assert slow.allowed == pytest.approx(7.4, abs=0.2)
    (never,) = found(plain, good | {2.0: tally(1000)})
    assert "sees 2x after never" in str(never)
    assert found(NOISY, FINE | {2.0: tally(5000, at=50)}) == []


def test_quick_services_have_five_blocks() -> None:
    plain = scenario("independent", Setting(0.05))
    quick = replace(plain, service=Service(requests=1000.0))
    assert found(quick, {1.0: tally(shown=5000), 2.0: tally(5000, at=5)}) == []
    (slow,) = found(quick, {1.0: tally(shown=5000), 2.0: tally(5000, at=6)})
    assert slow.allowed == 5.0


def test_overdispersed_requests_are_to_be_told_in_twice_the_oracle_s_time() -> None:
    one = scenario("overdispersed", Setting(0.01))
    oracle = {"oracle 1%": {1.0: tally(50), 2.0: tally(5000, at=20)}}
    good = {1.0: tally()}
    assert found(one, good | {2.0: tally(5000, at=40)}, oracle) == []
    (slow,) = found(one, good | {2.0: tally(5000, at=41)}, oracle)
    assert (slow.what, slow.allowed) == ("slowOnOverdispersed", 40.0)
    other = {"oracle 5%": oracle["oracle 1%"]}
    assert found(one, good | {2.0: tally(5000, at=41)}, other) == []


@pytest.mark.parametrize(
    ("theirs", "alarms", "said"),
    [(20, 10, True), (29, 10, False), (20, 300, False)],
    ids=["sooner with fewer alarms", "a look sooner", "sooner with more alarms"],
)
def test_kayenta_is_not_to_be_sooner_with_fewer_false_alarms(
    theirs: int, alarms: int, *, said: bool
) -> None:
    kayenta = {"Kayenta": {1.0: tally(alarms), 2.0: tally(5000, at=theirs)}}
    told = found(NOISY, {1.0: tally(100), 2.0: tally(5000, at=30)}, kayenta)
    assert [one.what for one in told] == ["slowerThanKayenta"] * said


def test_kayenta_is_held_to_runs_as_short_as_ours() -> None:
    one = scenario("own-incidents", Setting(0.05, 1.25, 30))
    good = {1.0: tally(100, longest=30), 2.0: tally(0, longest=30)}
    late = {"Kayenta": {1.0: tally(10, at=50), 2.0: tally(5000, at=40)}}
    assert found(one, good, late) == []


def test_good_releases_are_to_pass_proven_within_half_an_hour_where_requests_are_independent() -> (
    None
):
    plain = scenario("independent", Setting(0.05))
    seen = {2.0: tally(5000, at=4)}
    (late,) = found(plain, seen | {1.0: tally(shown=5000, by=31)})
    assert (late.what, late.measured) == ("provenInTime", 0.0)
    assert found(plain, seen | {1.0: tally(shown=4600, by=30)}) == []
