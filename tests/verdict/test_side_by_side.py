"""Kayenta's opinion beside the sequential judge's verdict, and which judge a run gets."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from judge.spec.resolved import BASELINE, CANARY, Bound, JudgeName, Track
from judge.verdict.judging import make_judge
from judge.verdict.kayenta.judge import KayentaJudge
from judge.verdict.sequential import SequentialJudge
from judge.verdict.side_by_side import SideBySide
from judge.verdict.verdict import Outcome, document, from_document
from tests.verdict.rollouts import analysis, history, intervals, metric

PAIR = {BASELINE: 1.0, CANARY: 1.0}


def beside(*metrics, **changed):
    changed = {"duration": 600.0, "tracks": dict.fromkeys(PAIR, Track("")), **changed}
    return analysis(*metrics, also_judge=JudgeName.KAYENTA, **changed)


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(2)


def run(rng, ratio: float = 1.0, looks: int = 10, **changed):
    return intervals(rng, looks, tracks={BASELINE: 1.0, CANARY: ratio}, **changed)


def test_each_analysis_gets_the_judge_that_it_names() -> None:
    assert type(make_judge(analysis(), [])) is SequentialJudge
    assert type(make_judge(beside(), [])) is SideBySide
    assert type(make_judge(analysis(judge=JudgeName.KAYENTA), [])) is KayentaJudge


def test_the_verdict_is_the_sequential_judges(rng) -> None:
    past, looks = history(rng), run(rng, ratio=5.0, rate=0.05)
    of = beside()
    alone = SequentialJudge(replace(of, also_judge=None), past)
    said = make_judge(of, past).decide(looks)
    assert replace(said, also={}) == alone.decide(looks)


def test_kayenta_is_asked_at_each_look_and_ends_by_its_own_rule(rng) -> None:
    """Five times the errors: both see it, Kayenta's judge with fewer looks and no promise."""
    told = make_judge(beside(), history(rng)).verdicts(run(rng, ratio=1.6, rate=0.05, looks=10))
    other = [one.also["kayenta"] for one in told]
    ends = [one["decidedAt"] for one in other]
    first = next(at for at in ends if at is not None)
    assert ends == [None] * first + [first] * (len(ends) - first)
    assert other[-1]["verdict"] == "fail"
    assert other[-1]["promise"] == "none"
    assert {json.dumps(one) for one in other[first:]} == {json.dumps(other[first])}


def test_it_says_what_a_run_by_it_would_have_said(rng) -> None:
    looks = run(rng, ratio=1.1)
    of = beside()
    said = make_judge(of, history(rng)).decide(looks).also["kayenta"]
    ran = KayentaJudge(replace(of, judge=JudgeName.KAYENTA, also_judge=None)).decide(looks)
    assert said == document(ran)


@pytest.mark.parametrize("ratio", [1.0, 1.6, 5.0])
def test_a_replay_says_the_same_as_the_looks(rng, ratio: float) -> None:
    past, looks, of = history(rng), run(rng, ratio=ratio, rate=0.05), beside()
    live = make_judge(of, past)
    told = []
    for upto in range(1, len(looks) + 1):
        told.append(live.look(looks[:upto], finished=upto == of.looks))
        if told[-1].decided:
            break
    assert make_judge(of, past).decide(looks) == told[-1]
    assert make_judge(of, past).verdicts(looks) == told


def test_a_run_that_is_watched_on_is_replayed_the_same(rng) -> None:
    of = beside(early_pass=True, keep_watching=240.0)
    past, looks = history(rng, rate=0.2), run(rng, rate=0.2, requests=20_000)
    live, told, passed_at = make_judge(of, past), [], None
    for upto in range(1, len(looks) + 1):
        told.append(live.look(looks[:upto], finished=upto == of.looks, passed_at=passed_at))
        passed_at = told[-1].decided_at
        if told[-1].decided and not told[-1].watching:
            break
    assert passed_at is not None
    assert passed_at + 1 < len(told) < len(looks)
    assert make_judge(of, past).decide(looks[: len(told)], finished=False) == told[-1]


def test_what_it_cannot_judge_is_left_out_and_named(rng) -> None:
    bounded = metric("crashes", limit=None, worst=None, bound=Bound(max=0.9))
    of = beside(metric(), bounded)
    looks = run(rng, metrics=("error-rate", "crashes"))
    other = make_judge(of, history(rng)).decide(looks).also["kayenta"]
    assert other["leftOut"] == ["crashes"]
    assert list(other["metrics"]) == ["error-rate"]
    nothing = make_judge(beside(bounded), history(rng)).decide(looks).also["kayenta"]
    assert (nothing["verdict"], nothing["leftOut"]) == ("inconclusive", ["crashes"])


def test_strict_holds_for_the_opinion(rng) -> None:
    """Two values against two are too few to tell anything by."""
    of = beside(strict=True)
    said = make_judge(of, history(rng)).look(run(rng, looks=2), finished=False).also["kayenta"]
    assert said["metrics"]["error-rate"]["kayenta"][0]["classification"] == "Nodata"


def test_comes_back_from_the_store(rng) -> None:
    said = make_judge(beside(), history(rng)).decide(run(rng))
    again = from_document(json.loads(json.dumps(document(said))))
    assert again.also == said.also
    assert again.verdict is Outcome.PASS


def test_costs_little_beside_the_judge_itself(rng, monkeypatch) -> None:
    """Each interval is read and classified once, however many looks there are."""
    seen = []
    told = KayentaJudge.told

    def counted(self, seen_so_far, looks, *, finished):
        seen.append(len(looks))
        return told(self, seen_so_far, looks, finished=finished)

    monkeypatch.setattr(KayentaJudge, "told", counted)
    looks, judge = run(rng), make_judge(beside(), history(rng))
    for upto in range(1, len(looks) + 1):
        judge.look(looks[:upto], finished=upto == len(looks))
    assert seen == list(range(1, 11))
