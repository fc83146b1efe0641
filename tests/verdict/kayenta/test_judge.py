"""Kayenta's judge of whole runs: windows, early ends, native kinds, holes, replay."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from judge.sources.recording import bundle_document, bundle_from
from judge.spec.kayenta_rules import EffectSize, KayentaRules, NanStrategy
from judge.spec.resolved import (
    BASELINE,
    CANARY,
    SHADOW,
    Bound,
    Compare,
    Direction,
    Kind,
    Metric,
    ScoreThresholds,
    Track,
)
from judge.stats.samples import Count, Histogram, Interval, Level
from judge.store.packing import as_stored
from judge.verdict.kayenta.judge import KayentaJudge
from judge.verdict.verdict import Outcome, Promise, document, from_document
from tests.kayenta_cases import Case, parametrized
from tests.verdict.kayenta import series
from tests.verdict.kayenta.series import alone, analysis, hole, intervals, labels, metric, uniform


def run(rng, canary=(10.0, 12.0), baseline=(10.0, 12.0), looks=10, name="cpu"):
    tracks = {
        CANARY: alone(uniform(rng, *canary, looks)),
        BASELINE: alone(uniform(rng, *baseline, looks)),
    }
    return intervals(looks, {name: tracks})


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(5)


@parametrized("e2e-generated")
def test_ends_as_kayenta_does_on_generated_telemetry(case: Case, rng) -> None:
    muted = "muted" in case["name"]
    cpu = metric(direction=Direction(case["direction"]), critical=case["critical"], observe=muted)
    fine = metric("memory")
    steady = {CANARY: alone(uniform(rng, 40, 45)), BASELINE: alone(uniform(rng, 40, 45))}
    tracks = {
        CANARY: alone(uniform(rng, *case["experimentUniformBounds"])),
        BASELINE: alone(uniform(rng, *case["controlUniformBounds"])),
    }
    limits = ScoreThresholds(case["thresholds"]["pass"], case["thresholds"]["marginal"])
    of = analysis(cpu, *([fine] if muted else []), score=limits)
    verdict = KayentaJudge(of).decide(intervals(10, {"cpu": tracks, "memory": steady}))
    expected = case["expected"]
    assert verdict.metrics["cpu"].kayenta[0]["classification"] == expected["classification"]
    assert (verdict.verdict is Outcome.PASS) is expected["didPassThresholds"]
    assert verdict.score == expected.get("score", verdict.score)
    assert verdict.promise is Promise.NONE


class TestWindows:
    def test_a_point_at_a_bound_counts_once_as_it_was_read_last(self, rng) -> None:
        looks = run(rng, looks=2)
        second = looks[1].samples["cpu"][CANARY]["{}"]
        changed = replace(second, values=(1000.0, *second.values[1:]))
        tracks = {**looks[1].samples["cpu"], CANARY: {"{}": changed}}
        looks[1] = replace(looks[1], samples={"cpu": tracks})
        said = KayentaJudge(analysis()).look(looks, finished=False)
        stats = said.metrics["cpu"].kayenta[0]["experimentMetadata"]["stats"]
        assert (stats["count"], stats["max"]) == (13, 1000.0)

    def test_grow_over_the_run(self, rng) -> None:
        judge = KayentaJudge(analysis())
        told = judge.verdicts(run(rng))
        counts = [
            one.metrics["cpu"].kayenta[0]["controlMetadata"]["stats"]["count"] for one in told
        ]
        assert counts == [7 + 6 * look for look in range(10)]

    def test_lookback_takes_the_last_of_it_with_both_ends(self, rng) -> None:
        told = KayentaJudge(analysis(lookback=120.0)).verdicts(run(rng))
        counts = [
            one.metrics["cpu"].kayenta[0]["controlMetadata"]["stats"]["count"] for one in told
        ]
        assert counts == [7] + [13] * 9

    def test_a_look_whose_window_could_not_be_read_is_not_judged_on_the_point_at_its_start(
        self, rng
    ) -> None:
        looks = run(rng, looks=2)
        looks[1] = hole(looks[1], "cpu")
        said = KayentaJudge(analysis(lookback=60.0)).look(looks, finished=False)
        assert said.score is None
        assert "gave no usable answer" in said.reason

    def test_a_query_with_a_window_of_its_own_counts_whole(self, rng) -> None:
        asked = metric()
        longer = {
            track: {"values": replace(parts["values"], begins=-600.0, lasts=6000.0)}
            for track, parts in asked.queries.items()
        }
        values = {track: alone(rng.uniform(1, 2, 601)) for track in (CANARY, BASELINE)}
        one = intervals(1, {"cpu": values}, length=6000.0)
        one[0] = replace(one[0], end=one[0].start + 60.0)
        of = analysis(replace(asked, queries=longer), duration=60.0, lookback=60.0)
        said = KayentaJudge(of).look(one, finished=True)
        assert said.metrics["cpu"].kayenta[0]["controlMetadata"]["stats"]["count"] == 601


class TestEnds:
    def test_at_once_at_or_below_marginal(self, rng) -> None:
        told = KayentaJudge(analysis()).verdicts(run(rng, canary=(20.0, 23.0)))
        assert len(told) == 1
        assert (told[0].verdict, told[0].decided_at, told[0].score) == (Outcome.FAIL, 0, 0.0)
        assert "not above marginal 75: Canary Failed: The metric cpu was classified as High" in (
            told[0].reason
        )

    def test_a_score_that_is_marginal_exactly_is_not_above_it(self, rng) -> None:
        tracks = {
            name: {
                CANARY: alone(uniform(rng, *((10, 12) if name == "good" else (20, 23)))),
                BASELINE: alone(uniform(rng, 10, 12)),
            }
            for name in ("good", "bad")
        }
        metrics = [metric(name, groups=[name], critical=False) for name in tracks]
        looks = intervals(10, tracks)
        at = analysis(*metrics, score=ScoreThresholds(95.0, 50.0))
        (said,) = KayentaJudge(at).verdicts(looks)
        assert (said.verdict, said.score, said.decided_at) == (Outcome.FAIL, 50.0, 0)
        above = KayentaJudge(replace(at, score=ScoreThresholds(50.0, 49.99))).verdicts(looks)
        assert (len(above), above[-1].verdict, above[-1].score) == (10, Outcome.PASS, 50.0)

    def test_in_the_middle(self, rng) -> None:
        good, bad = run(rng), run(rng, canary=(40.0, 43.0))
        mixed = good[:5] + [replace(one, samples=one.samples) for one in bad[5:]]
        verdict = KayentaJudge(analysis()).decide(mixed)
        assert verdict.verdict is Outcome.FAIL
        assert 5 <= verdict.decided_at < 9

    def test_between_the_thresholds_is_marginal_and_nobodys_pass(self, rng) -> None:
        metrics = [metric(f"m{i}", critical=False) for i in range(5)]
        tracks = {
            f"m{i}": {
                CANARY: alone(uniform(rng, *((10, 12) if i else (20, 23)))),
                BASELINE: alone(uniform(rng, 10, 12)),
            }
            for i in range(5)
        }
        verdict = KayentaJudge(analysis(*metrics)).decide(intervals(10, tracks))
        assert (verdict.verdict, verdict.score, verdict.decided_at) == (
            Outcome.INCONCLUSIVE,
            80.0,
            9,
        )
        assert verdict.reason.startswith("marginal: score 80 at the end, above 75 and below the 95")
        assert verdict.kayenta["score"]["classification"] == "Marginal"

    def test_is_not_known_before_the_end(self, rng) -> None:
        said = KayentaJudge(analysis()).look(run(rng, looks=3), finished=False)
        assert (said.verdict, said.decided, said.score) == (Outcome.INCONCLUSIVE, False, 100.0)

    def test_without_any_interval(self) -> None:
        said = KayentaJudge(analysis()).decide([])
        assert (said.verdict, said.decided, said.score) == (Outcome.INCONCLUSIVE, True, None)


class TestJson:
    def test_is_kayentas(self, rng) -> None:
        verdict = KayentaJudge(analysis()).decide(run(rng))
        assert verdict.kayenta == {
            "judgeName": "NetflixACAJudge-v1.0",
            "score": {"score": 100.0, "classification": "Pass", "classificationReason": ""},
            "groupScores": [
                {"name": "all", "score": 100.0, "classification": "", "classificationReason": ""}
            ],
        }
        (result,) = verdict.metrics["cpu"].kayenta
        assert set(result) == {
            "name",
            "tags",
            "id",
            "classification",
            "groups",
            "experimentMetadata",
            "controlMetadata",
            "resultMetadata",
            "critical",
            "muted",
        }
        assert set(result["controlMetadata"]["stats"]) == {"min", "max", "mean", "std", "count"}

    def test_has_texts_for_what_json_has_no_numbers_for(self, rng) -> None:
        tracks = {CANARY: alone(uniform(rng, 5, 9)), BASELINE: alone(np.zeros(61))}
        verdict = KayentaJudge(analysis()).decide(intervals(10, {"cpu": tracks}))
        assert verdict.metrics["cpu"].kayenta[0]["resultMetadata"] == {"ratio": "NaN"}
        json.dumps(document(verdict), allow_nan=False)
        assert "no ratio where a mean is 0" in verdict.metrics["cpu"].reason

    def test_comes_back_from_the_store(self, rng) -> None:
        verdict = KayentaJudge(analysis()).decide(run(rng))
        again = from_document(json.loads(json.dumps(document(verdict))))
        assert (again.metrics, again.kayenta) == (verdict.metrics, verdict.kayenta)


class TestLabelSets:
    def test_each_is_classified_and_the_worst_speaks(self, rng) -> None:
        zones = [labels(zone=zone) for zone in "ab"]
        tracks = {
            CANARY: dict(zip(zones, (uniform(rng, 10, 12), uniform(rng, 30, 32)), strict=True)),
            BASELINE: {zone: uniform(rng, 10, 12) for zone in zones},
        }
        of = analysis(metric(critical=False), score=ScoreThresholds(40.0, 10.0))
        verdict = KayentaJudge(of).decide(intervals(10, {"cpu": tracks}))
        said = verdict.metrics["cpu"]
        assert [one["tags"] for one in said.kayenta] == [{"zone": "a"}, {"zone": "b"}]
        assert [one["classification"] for one in said.kayenta] == ["Pass", "High"]
        assert (said.verdict, verdict.score, verdict.verdict) == (Outcome.FAIL, 50.0, Outcome.PASS)
        assert said.estimate == pytest.approx(31 / 11, abs=0.1)
        assert said.reason.startswith("cpu (zone=b): High, ")
        assert "the worst of 2 label sets" in said.reason
        assert len({one["id"] for one in said.kayenta}) == 2

    def test_of_other_names_cannot_be_compared(self, rng) -> None:
        tracks = {
            CANARY: {labels(zone="a"): uniform(rng, 10, 12)},
            BASELINE: {labels(region="a"): uniform(rng, 10, 12)},
        }
        verdict = KayentaJudge(analysis()).decide(intervals(10, {"cpu": tracks}))
        assert (verdict.verdict, verdict.score, verdict.decided_at) == (
            Outcome.INCONCLUSIVE,
            None,
            9,
        )
        assert "different tag keys (region != zone)" in verdict.reason
        assert verdict.kayenta is None

    def test_one_that_vanished_is_filled_to_the_others_length(self, rng) -> None:
        rules = KayentaRules(nan_strategy=NanStrategy.REPLACE, groups=("all",))
        tracks = {CANARY: {}, BASELINE: alone(uniform(rng, 10, 12))}
        of = analysis(metric(rules=rules, direction=Direction.EITHER, critical=False))
        verdict = KayentaJudge(of).look(intervals(1, {"cpu": tracks}), finished=True)
        (result,) = verdict.metrics["cpu"].kayenta
        assert result["classification"] == "Low"
        assert result["experimentMetadata"]["stats"]["count"] == 6  # the minute, by steps of 10 s
        strict = KayentaJudge(replace(of, strict=True))
        (result,) = strict.look(intervals(1, {"cpu": tracks}), finished=True).metrics["cpu"].kayenta
        assert result["classification"] == "Nodata"


class TestNativeKinds:
    """One value an interval, of all pods together."""

    def looks(self, kind: Kind, worse: float = 1.0, looks: int = 12) -> list[Interval]:
        rng = np.random.default_rng(3)
        return [
            Interval(
                60.0 * i,
                60.0 * (i + 1),
                {
                    "m": {
                        track: {f"{track}-{pod}": self.sample(kind, rng, ratio) for pod in "ab"}
                        for track, ratio in ((BASELINE, 1.0), (CANARY, worse))
                    }
                },
            )
            for i in range(looks)
        ]

    def sample(self, kind: Kind, rng: np.random.Generator, ratio: float):
        if kind is Kind.PROPORTION:
            return Count(float(rng.binomial(2000, 0.05 * ratio)), 2000.0)
        if kind is Kind.GAUGE:
            return Level(float(rng.normal(100.0 * ratio, 3.0)))
        times = np.sort(rng.gamma(4.0, 0.05 * ratio, 500))
        bounds = (*(0.05 * i for i in range(1, 41)), float("inf"))
        return Histogram(bounds, tuple(float(np.sum(times <= bound)) for bound in bounds))

    def of(self, kind: Kind, **changed):
        m = Metric("m", kind, Direction.INCREASE, limit=1.2, worst=2.0, **changed)
        return analysis(m, duration=720.0)

    @pytest.mark.parametrize("kind", [Kind.PROPORTION, Kind.GAUGE, Kind.HISTOGRAM])
    def test_are_compared_by_their_limit(self, kind: Kind) -> None:
        judge = KayentaJudge(self.of(kind))
        assert judge.decide(self.looks(kind)).verdict is Outcome.PASS
        bad = judge.decide(self.looks(kind, worse=2.0))
        assert (bad.verdict, bad.metrics["m"].kayenta[0]["critical"]) == (Outcome.FAIL, True)
        tolerated = judge.decide(self.looks(kind, worse=1.1))
        assert tolerated.verdict is Outcome.PASS
        assert tolerated.metrics["m"].limit == 1.2

    def test_the_share_is_that_of_all_pods(self) -> None:
        looks = self.looks(Kind.PROPORTION, looks=1)
        pods = looks[0].samples["m"][CANARY].values()
        share = sum(one.events for one in pods) / 4000.0
        said = KayentaJudge(self.of(Kind.PROPORTION)).look(looks, finished=False)
        assert said.metrics["m"].observed[CANARY] == {"mean": share}

    def test_the_quantile_is_the_bounds(self) -> None:
        looks = self.looks(Kind.HISTOGRAM)
        means = [
            KayentaJudge(self.of(Kind.HISTOGRAM, bound=Bound(quantile=share)))
            .decide(looks)
            .metrics["m"]
            .observed[BASELINE]["mean"]
            for share in (0.5, 0.99)
        ]
        assert means[0] == pytest.approx(0.184, abs=0.01)
        assert means[1] == pytest.approx(0.50, abs=0.05)

    def test_without_requests_there_is_no_value(self) -> None:
        looks = self.looks(Kind.PROPORTION, looks=2)
        idle = {track: {"a": Count(0.0, 0.0)} for track in (BASELINE, CANARY)}
        looks[0] = replace(looks[0], samples={"m": idle})
        said = KayentaJudge(self.of(Kind.PROPORTION)).look(looks, finished=False)
        assert said.metrics["m"].kayenta[0]["controlMetadata"]["stats"]["count"] == 1

    def test_each_is_a_group_by_its_weight(self) -> None:
        two = [
            Metric("m", Kind.GAUGE, Direction.INCREASE, 1.2, 2.0, weight=3.0, critical=False),
            Metric("n", Kind.GAUGE, Direction.INCREASE, 1.2, 2.0, weight=1.0, critical=False),
        ]
        looks = self.looks(Kind.GAUGE)
        worse = self.looks(Kind.GAUGE, worse=2.0)
        both = [
            replace(one, samples={"m": one.samples["m"], "n": other.samples["m"]})
            for one, other in zip(looks, worse, strict=True)
        ]
        of = analysis(*two, duration=720.0, score=ScoreThresholds(75.0, 50.0))
        verdict = KayentaJudge(of).decide(both)
        assert (verdict.score, verdict.verdict) == (75.0, Outcome.PASS)

    @pytest.mark.parametrize(
        ("direction", "limit", "worse", "label"),
        [
            (Direction.DECREASE, 0.8, 0.5, "Low"),
            (Direction.DECREASE, 0.8, 0.9, "Pass"),
            (Direction.EITHER, 1.25, 0.5, "Low"),
            (Direction.EITHER, 1.25, 0.85, "Pass"),
            (Direction.EITHER, 1.25, 1.5, "High"),
        ],
    )
    def test_the_limit_holds_in_its_direction(self, direction, limit, worse, label) -> None:
        m = Metric("m", Kind.GAUGE, direction, limit, None)
        said = KayentaJudge(analysis(m, duration=720.0)).decide(self.looks(Kind.GAUGE, worse=worse))
        assert said.metrics["m"].kayenta[0]["classification"] == label

    def test_what_has_no_values_is_not_judged(self) -> None:
        slope = Metric("m", Kind.GAUGE, Direction.INCREASE, 1.2, 2.0, compare=Compare.SLOPE)
        said = KayentaJudge(analysis(slope, duration=720.0)).decide(self.looks(Kind.GAUGE))
        assert (said.verdict, said.score) == (Outcome.INCONCLUSIVE, None)
        assert "it has no bounds and no slopes" in said.reason


class TestGroups:
    """Literal where anybody wrote them, be it none; else each metric by itself."""

    def score(self, rng, *groups, strict=False):
        metrics = [
            metric(f"m{i}", rules=KayentaRules(groups=one), critical=False)
            for i, one in enumerate(groups)
        ]
        tracks = {
            one.name: {CANARY: alone(uniform(rng, *ends)), BASELINE: alone(uniform(rng, 10, 12))}
            for one, ends in zip(metrics, ((10, 12), (20, 22)), strict=True)
        }
        of = analysis(*metrics, strict=strict, score=ScoreThresholds(100.0, 0.0))
        verdict = KayentaJudge(of).decide(intervals(10, tracks))
        return verdict.score, sorted(one["name"] for one in verdict.kayenta["groupScores"])

    def test_that_nobody_wrote(self, rng) -> None:
        assert self.score(rng, None, None) == (50.0, ["m0", "m1"])

    def test_of_which_all_are_empty_score_0_but_for_strict_mode(self, rng) -> None:
        assert self.score(rng, (), ()) == (0.0, [])
        assert self.score(rng, (), (), strict=True) == (50.0, ["m0", "m1"])

    def test_of_one_metric_alone(self, rng) -> None:
        assert self.score(rng, ("all",), None) == (100.0, ["all"])
        assert self.score(rng, (), None) == (50.0, ["m0", "m1"])


def test_a_shadow_is_compared_for_itself_and_decides_nothing(rng) -> None:
    values = {CANARY: (10, 12), BASELINE: (10, 12), SHADOW: (30, 32)}
    tracks = {track: alone(uniform(rng, *ends)) for track, ends in values.items()}
    of = analysis(tracks=dict.fromkeys(values, Track("")))
    verdict = KayentaJudge(of).decide(intervals(10, {"cpu": tracks}))
    assert verdict.verdict is Outcome.PASS
    assert verdict.tracks[SHADOW].verdict is Outcome.FAIL
    assert verdict.comparisons[SHADOW]["cpu"].kayenta[0]["classification"] == "High"


class TestHoles:
    def test_add_nothing(self, rng) -> None:
        looks = run(rng)
        looks[4] = hole(looks[4], "cpu")
        assert KayentaJudge(analysis()).decide(looks).verdict is Outcome.PASS

    def test_alone_give_no_score_and_end_no_run(self, rng) -> None:
        looks = [hole(one, "cpu") for one in run(rng)]
        judge = KayentaJudge(analysis())
        first = judge.look(looks[:1], finished=False)
        assert (first.verdict, first.decided, first.kayenta) == (Outcome.INCONCLUSIVE, False, None)
        last = judge.decide(looks)
        assert (last.verdict, last.decided_at) == (Outcome.INCONCLUSIVE, 9)
        assert "the source gave no usable answer on the canary and the baseline" in last.reason

    def test_at_the_end_are_told_in_strict_mode(self, rng) -> None:
        looks = run(rng)
        looks[8:] = [hole(one, "cpu") for one in looks[8:]]
        assert KayentaJudge(analysis()).decide(looks).verdict is Outcome.PASS
        strict = KayentaJudge(analysis(strict=True)).decide(looks)
        assert strict.verdict is Outcome.INCONCLUSIVE
        assert "the last 2 looks could not be read" in strict.reason

    def test_a_track_without_data_is_no_hole(self, rng) -> None:
        tracks = {CANARY: {}, BASELINE: alone(uniform(rng, 10, 12))}
        verdict = KayentaJudge(analysis()).decide(intervals(10, {"cpu": tracks}))
        assert (verdict.verdict, verdict.decided_at, verdict.score) == (Outcome.FAIL, 0, 0.0)
        assert "Missing data for cpu" in verdict.reason


class TestStrictRuns:
    def test_too_little_data_ends_no_run_before_its_end(self, rng) -> None:
        short = [
            replace(one, samples={"cpu": {t: dict(v) for t, v in one.samples["cpu"].items()}})
            for one in intervals(
                10,
                {
                    "cpu": {
                        CANARY: alone([20.0, 21.0, 23.0]),
                        BASELINE: alone([10.0, 11.0, 13.0]),
                    }
                },
            )
        ]
        parity = KayentaJudge(analysis()).decide(short)
        assert (parity.verdict, parity.decided_at) == (Outcome.FAIL, 0)
        strict = KayentaJudge(analysis(strict=True)).decide(short)
        assert (strict.verdict, strict.decided_at, strict.score) == (Outcome.INCONCLUSIVE, 9, None)
        assert "3 values against 3 can be 90% sure at most" in strict.reason
        assert strict.kayenta is None

    def test_what_is_known_fails_though_something_else_is_scarce(self, rng) -> None:
        tracks = {
            "cpu": {CANARY: alone(uniform(rng, 20, 22)), BASELINE: alone(uniform(rng, 10, 12))},
            "rare": {CANARY: alone([2.0, 3.0]), BASELINE: alone([1.0, 2.0])},
        }
        of = analysis(metric(critical=False), metric("rare"), strict=True)
        verdict = KayentaJudge(of).decide(intervals(10, tracks))
        assert (verdict.verdict, verdict.decided_at, verdict.score) == (Outcome.FAIL, 0, 0.0)
        assert verdict.kayenta["score"]["score"] == 0.0

    def test_a_run_goes_on_where_what_is_scarce_could_still_save_it(self, rng) -> None:
        tracks = {
            "errors": {CANARY: alone([2.0, 3.0]), BASELINE: alone([1.0, 2.0])},
            "p90": {CANARY: alone(uniform(rng, 20, 22)), BASELINE: alone(uniform(rng, 10, 12))},
        }
        metrics = (
            metric("errors", groups=("errors",)),
            metric("p90", critical=False, groups=("latency",)),
        )
        weights = {"errors": 60.0, "latency": 40.0}
        score = ScoreThresholds(75.0, 50.0)
        of = analysis(*metrics, strict=True, group_weights=weights, score=score)
        verdict = KayentaJudge(of).look(intervals(1, tracks), finished=False)
        assert (verdict.verdict, verdict.score) == (Outcome.INCONCLUSIVE, None)
        assert not verdict.decided
        ended = KayentaJudge(of).look(intervals(1, tracks), finished=True)
        assert (ended.verdict, ended.score) == (Outcome.INCONCLUSIVE, None)
        slow = metric("p99", critical=False, groups=("latency",))
        other = replace(of, metrics=(replace(metrics[0], critical=False), metrics[1], slow))
        tracks["p99"] = tracks["p90"]
        early, last = (
            KayentaJudge(other).look(intervals(1, tracks), finished=finished)
            for finished in (False, True)
        )
        assert (early.verdict, early.decided) == (Outcome.INCONCLUSIVE, False)
        assert last.verdict is Outcome.FAIL

    def test_what_is_scarce_and_not_critical_is_left_out(self, rng) -> None:
        steady = {track: alone(uniform(rng, 10, 12)) for track in (CANARY, BASELINE)}
        tracks = {"a": steady, "b": steady, "rare": {CANARY: alone([2.0]), BASELINE: alone([1.0])}}
        metrics = [metric("a"), metric("b"), metric("rare", groups=("rare",), critical=False)]
        verdict = KayentaJudge(analysis(*metrics, strict=True)).decide(intervals(10, tracks))
        assert (verdict.verdict, verdict.score) == (Outcome.PASS, 100.0)
        assert verdict.metrics["rare"].verdict is Outcome.INCONCLUSIVE

    def test_muted_metrics_alone_are_0_with_kayenta_and_nothing_in_strict_mode(self, rng) -> None:
        muted = metric(observe=True)
        assert KayentaJudge(analysis(muted)).decide(run(rng)).verdict is Outcome.FAIL
        strict = KayentaJudge(analysis(muted, strict=True)).decide(run(rng))
        assert (strict.verdict, strict.score) == (Outcome.INCONCLUSIVE, None)
        assert "no metric counts" in strict.reason

    def test_an_infinity_is_a_finding(self, rng) -> None:
        looks = run(rng, canary=(50.0, 60.0))
        sample = looks[0].samples["cpu"][CANARY]["{}"]
        endless = replace(sample, values=(*sample.values[:3], float("inf"), *sample.values[4:]))
        tracks = {**looks[0].samples["cpu"], CANARY: {"{}": endless}}
        looks[0] = replace(looks[0], samples={"cpu": tracks})
        assert KayentaJudge(analysis()).decide(looks).verdict is Outcome.PASS
        strict = KayentaJudge(analysis(strict=True)).decide(looks)
        assert (strict.verdict, strict.decided_at) == (Outcome.FAIL, 0)
        assert "the canary was +Inf, the baseline never" in strict.reason


class TestReplay:
    def mixed(self, rng):
        zones = [labels(zone=zone) for zone in "ab"]
        tracks = {
            track: {zone: rng.gamma(2.0, 5.0, 61) for zone in zones} for track in (CANARY, BASELINE)
        }
        tracks[CANARY][zones[0]][::7] = np.nan
        tracks[CANARY][zones[1]][::9] = np.inf
        constant = {CANARY: alone(np.full(61, 3.0)), BASELINE: alone(np.full(61, 2.0))}
        looks = intervals(10, {"cpu": tracks, "replicas": constant}, start=1_600_000_000.123)
        of = analysis(
            metric(rules=KayentaRules(outlier_factor=3.0, groups=("a",))),
            metric("replicas", critical=False, groups=("b",)),
            group_weights={"a": 80.0},
            score=ScoreThresholds(60.0, 10.0),
        )
        return of, [as_stored(one) for one in looks]

    @pytest.mark.parametrize("strict", [False, True])
    def test_of_the_bundle_says_the_same_bit_for_bit(self, rng, *, strict: bool) -> None:
        of, looks = self.mixed(rng)
        of = replace(of, strict=strict)
        told = [KayentaJudge(of).look(looks[: i + 1], finished=False) for i in range(len(looks))]
        written = json.loads(json.dumps(bundle_document(of, [], looks)))
        bundle = bundle_from(written)
        again = KayentaJudge(bundle.analysis).verdicts(bundle.intervals)
        assert [document(one) for one in again] == [document(one) for one in told[: len(again)]]

    def test_a_longer_look_is_the_followed_one(self, rng) -> None:
        of, looks = self.mixed(rng)
        judge = KayentaJudge(of)
        assert judge.decide(looks) == judge.look(looks, finished=True)


def test_a_tolerated_effect_is_told(rng) -> None:
    rules = KayentaRules(effect=EffectSize(allowed_increase=3.0), groups=("all",))
    verdict = KayentaJudge(analysis(metric(rules=rules))).decide(run(rng, canary=(20.0, 22.0)))
    said = verdict.metrics["cpu"]
    assert (said.verdict, said.limit) == (Outcome.PASS, 3.0)
    assert "effect size 1.9" in said.reason
    assert "(meanRatio, 3 tolerated)" in said.reason


def test_series_of_a_bundle_may_be_called_as_they_like(rng) -> None:
    tracks = {track: {"pod-a": uniform(rng, 10, 12)} for track in (CANARY, BASELINE)}
    verdict = KayentaJudge(analysis()).decide(series.intervals(10, {"cpu": tracks}))
    assert verdict.metrics["cpu"].kayenta[0]["tags"] == {"series": "pod-a"}


def test_rules_of_its_own_are_told_and_not_the_limit_that_they_replace(rng) -> None:
    one = replace(metric(rules=KayentaRules(groups=("all",))), limit=1.25)
    verdict = KayentaJudge(analysis(one)).decide(run(rng, canary=(10.0, 11.0)))
    assert verdict.metrics["cpu"].limit == 1.0
    assert KayentaJudge(analysis(one)).decide([]).metrics["cpu"].limit == 1.0
