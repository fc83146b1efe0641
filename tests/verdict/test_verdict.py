import math
from dataclasses import replace

from judge.verdict.verdict import (
    BoundVerdict,
    MetricVerdict,
    Outcome,
    Promise,
    TrackVerdict,
    Verdict,
    document,
    from_document,
)

ONE = MetricVerdict(
    Outcome.PASS,
    "because",
    1.0,
    None,
    math.inf,
    1.25,
    -2.5,
    4.6,
    proven=True,
    observed={"canary": {"p99": math.inf}},
)


def verdict(**changed):
    return Verdict(
        **{
            "verdict": Outcome.PASS,
            "reason": "because",
            "score": 100.0,
            "promise": Promise.CALIBRATED,
            "proven": True,
            "decided": True,
            "decided_at": 29,
            "metrics": {"errors": ONE},
            "comparisons": {"canary": {"errors": ONE}},
            **changed,
        }
    )


def test_the_document_has_the_promised_names_and_null_for_what_is_not_known():
    assert document(verdict()) == {
        "verdict": "pass",
        "score": 100.0,
        "proven": True,
        "promise": "calibrated",
        "decidedAt": 29,
        "reason": "because",
        "metrics": {
            "errors": {
                "verdict": "pass",
                "estimate": 1.0,
                "low": None,
                "high": None,
                "limit": 1.25,
                "evidence": -2.5,
                "threshold": 4.6,
                "proven": True,
                "reason": "because",
                "observed": {"canary": {"p99": None}},
                "bound": None,
                "difference": None,
            }
        },
    }


def test_a_bound_and_a_tracks_own_verdict_survive_the_document():
    bound = BoundVerdict(
        broken=True, promised=True, value=0.1, max=0.05, evidence=7.0, threshold=5.3
    )
    one = replace(ONE, high=None, bound=bound, observed={"canary": {"share": 0.1}})
    said = TrackVerdict(Outcome.FAIL, "because", 0.0)
    both = {"canary": {"errors": one}, "shadow": {"errors": one}}
    whole = verdict(
        metrics={"errors": one}, comparisons=both, tracks={"canary": said, "shadow": said}
    )
    assert from_document(document(whole)) == whole
    assert document(whole)["comparisons"]["shadow"]["verdict"] == "fail"


def test_comparisons_are_told_apart_where_there_are_several():
    both = {"canary": {"errors": ONE}, "shadow": {"errors": ONE}}
    written = document(verdict(comparisons=both))
    assert set(written["comparisons"]) == {"canary", "shadow"}
    assert written["comparisons"]["canary"]["metrics"] == written["metrics"]
