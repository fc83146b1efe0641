"""What a release does, in words and against a limit."""

from judge.lab.effects import OUTAGE, Tail, effect_name, effect_value, is_good

SLOW_TAIL = Tail(share=0.02, slower=8.0)


def test_a_factor_up_to_the_limit_is_good_and_a_slow_tail_never() -> None:
    assert is_good(1.2, 1.2)
    assert not is_good(1.2, 1.19)
    assert not is_good(SLOW_TAIL, 2.5)
    assert not is_good(OUTAGE, 100.0)


def test_effects_are_named_for_people_and_for_programs() -> None:
    effects = (1.0, 1.35, 2.0 ** (2 / 8), OUTAGE, SLOW_TAIL)
    assert [effect_name(one) for one in effects] == ["good", "1.35x", "1.19x", "outage", "2% 8x"]
    assert effect_value(OUTAGE) == "outage"
    assert effect_value(1.35) == 1.35
    assert effect_value(SLOW_TAIL) == {"share": 0.02, "slower": 8.0}
