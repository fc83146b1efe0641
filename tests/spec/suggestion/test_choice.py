"""One metric an aim: which of several templates is taken."""

from __future__ import annotations

from judge.spec.metric_template import MetricTemplate
from judge.spec.resolved import BASELINE, CANARY
from judge.spec.suggestion.candidates import Candidate
from judge.spec.suggestion.choice import Finding, Found, chosen

from .given import template


def errors(system: str) -> MetricTemplate:
    total, events = "'x_total{ {{ selector }} }'", "'x_total{ {{ selector }}, code=\"5\" }'"
    return template(f"{system}-error-rate", kind="proportion", events=events, total=total)


def finding(
    one: MetricTemplate, *, canary: int = 1, own: bool = True, traffic: float = 5.0, **way: bool
) -> Finding:
    found = {BASELINE: Found({"a": 1}, traffic), CANARY: Found(dict.fromkeys("bc"[:canary], 1))}
    return Finding(Candidate(one, **way), found, own)


def taken(*findings: Finding) -> list[str]:
    return [one.candidate.template.name for one in chosen(findings).values()]


def test_each_aim_has_one_metric() -> None:
    latency = template("mesh-latency", kind="histogram", buckets="'x_bucket{ {{ selector }} }'")
    heap = template("jvm-heap", value="'x{ {{ selector }} }'")
    names = taken(finding(latency), finding(heap), finding(errors("b")), finding(errors("a")))
    assert names == ["a-error-rate", "mesh-latency"]


def test_both_tracks_come_before_anything_else() -> None:
    assert taken(finding(errors("a"), canary=0), finding(errors("b"), own=False)) == [
        "b-error-rate"
    ]


def test_the_services_own_pods_come_before_an_ingress() -> None:
    assert taken(finding(errors("a"), own=False), finding(errors("b"))) == ["b-error-rate"]


def test_where_the_traffic_is_comes_before_a_side_entrance() -> None:
    assert taken(finding(errors("a"), traffic=0.4), finding(errors("b"))) == ["b-error-rate"]
    assert taken(finding(errors("a"), traffic=0.6), finding(errors("b"))) == ["a-error-rate"]


def test_a_name_of_the_templates_own_comes_before_a_guess() -> None:
    assert taken(finding(errors("a"), guessed=True), finding(errors("b"))) == ["b-error-rate"]


def test_what_finds_nothing_is_not_taken() -> None:
    nothing = Finding(Candidate(errors("a")), {BASELINE: Found(), CANARY: Found()}, own=False)
    assert taken(nothing) == []


def test_pods_that_crash_tell_more_than_restarts() -> None:
    crashing = template("pods-crashing", value="'x{ {{ selector }} }'")
    restarts = template("container-restarts", value="'x{ {{ selector }} }'")
    assert taken(finding(restarts), finding(crashing)) == ["pods-crashing"]
