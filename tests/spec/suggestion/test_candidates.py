"""How a template can be used on a service, from what its queries read and what is exported."""

from __future__ import annotations

from judge.spec.metric_template import shipped_templates
from judge.spec.resolved import CANARY
from judge.spec.suggestion.candidates import (
    Candidate,
    Exported,
    candidates,
    lacking,
    reads,
    told_labels,
)

from .given import service, template

ERRORS = template(
    "errors",
    kind="proportion",
    more=(
        "  variables:\n    - {name: metric, default: requests_total}\n"
        "    - {name: codeLabel, default: code}\n"
    ),
    events="'{{ metric }}{ {{ selector }}, {{ codeLabel }}=~\"5..\" }'",
    total="'{{ metric }}{ {{ selector }} }'",
)
PODS = template(
    "pods",
    more=(
        "  podLabel: pod\n  variables:\n    - {name: pods}\n    - {name: namespace}\n"
        "    - {name: namespaceLabel, default: namespace}\n"
    ),
    value=(
        "{reading: gauge, expr: 'max by ({{ podLabel }}) (up_since{ {{ namespaceLabel }}="
        '"{{ namespace }}", {{ podLabel }}=~"{{ pods }}" } unless other{x="y{"})\'}'
    ),
)
CODES = frozenset({"200", "500"})


def test_a_template_fits_as_it_is() -> None:
    cart = service({"requests_total": {"code": CODES}})
    (one,) = candidates(ERRORS, cart, guess=False)
    assert one == Candidate(ERRORS)
    rendered = one.rendered(cart, CANARY)
    assert rendered["events"].expr == ('requests_total{ app="cart",track="canary", code=~"5.." }')


def test_a_label_is_filled_in_as_it_is_exported() -> None:
    cart = service({"requests_total": {"status": CODES}})
    (one,) = candidates(ERRORS, cart, guess=False)
    assert one.variables == {"codeLabel": "status"}
    assert 'status=~"5.."' in one.rendered(cart, CANARY)["events"].expr


def test_a_name_is_filled_in_by_guess_alone() -> None:
    cart = service({"shop_requests_total": {"code": CODES}, "requests_in_flight": {}})
    assert candidates(ERRORS, cart, guess=False) == []
    (one,) = candidates(ERRORS, cart, guess=True)
    assert one == Candidate(ERRORS, {"metric": "shop_requests_total"}, guessed=True)


def test_errors_that_no_label_tells_are_no_use() -> None:
    assert candidates(ERRORS, service({"requests_total": {}}), guess=False) == []
    fixed = template(
        "fixed",
        kind="proportion",
        events="'requests_total{ {{ selector }}, outcome=\"SERVER_ERROR\" }'",
        total="'requests_total{ {{ selector }} }'",
    )
    assert candidates(fixed, service({"requests_total": {"code": CODES}}), guess=False) == []
    assert candidates(fixed, service({"requests_total": {"outcome": {"OK"}}}), guess=False)


def test_names_may_be_matched_too() -> None:
    several = template(
        "several",
        kind="proportion",
        events="'lost_total{ {{ selector }} }'",
        total="'{__name__=~\"(kept|lost)_total\", {{ selector }} }'",
    )
    assert candidates(several, service({"lost_total": {}}), guess=False) == [Candidate(several)]


def test_pods_are_named_where_their_names_are_known() -> None:
    exported = {"up_since": {"namespace": frozenset({"shop"})}}
    assert lacking(PODS, service(exported)) == ["pods"]
    assert lacking(PODS, service(exported, pods=True, namespace="")) == ["namespace"]
    cart = service({}, exported, pods=True)
    assert lacking(PODS, cart) == []
    (one,) = candidates(PODS, cart, guess=False)
    assert 'up_since{ namespace="shop", pod=~"cart-b" }' in one.rendered(cart, CANARY)["value"].expr


def test_labels_that_the_scrape_shadowed_are_found_under_their_new_names() -> None:
    labels = {"namespace": {"monitoring"}, "exported_namespace": {"shop"}}
    cart = service(Exported({"up_since": labels}, pod_label="exported_pod"), pods=True)
    (one,) = candidates(PODS, cart, guess=False)
    assert one.variables == {"namespaceLabel": "exported_namespace"}
    assert one.labelled(cart) == "exported_pod"
    expr = one.rendered(cart, CANARY)["value"].expr
    assert 'up_since{ exported_namespace="shop", exported_pod=~"cart-b" }' in expr


def test_own_series_are_tried_by_the_services_own_pods_too() -> None:
    process = template("process", more="  podLabel: instance\n", value="'heap{ {{ selector }} }'")
    ways = candidates(process, service({"heap": {}}), guess=False)
    assert [way.pod_label for way in ways] == ["", "pod"]
    (way,) = candidates(process, service({"heap": {}}, pod_label="instance"), guess=False)
    assert way.labelled(service()) == "instance"


def test_only_names_before_a_brace_are_read() -> None:
    assert reads(PODS, service({"other": {}}))
    assert not reads(PODS, service({"max": {}, "y": {}, "pod": {}}))


def test_a_classic_histogram_is_known_by_its_bounds() -> None:
    latency = template("latency", kind="histogram", buckets="'took_bucket{ {{ selector }} }'")
    (classic,) = candidates(latency, service({"took_bucket": {"le": {"1"}}}), guess=False)
    (native,) = candidates(latency, service({"took_bucket": {}}), guess=False)
    assert (classic.classic, native.classic) == (True, False)


def test_the_labels_that_are_asked_for_are_those_that_decide() -> None:
    told = told_labels([ERRORS, PODS])
    assert {"le", "code", "status", "namespace", "exported_namespace"} <= set(told)
    assert not {"x", "judge_track", "pod"} & set(told)


def test_every_shipped_template_can_be_read_for_names() -> None:
    for one in shipped_templates().values():
        named = set(one.needs) & {"orders", "visits"}
        assert named or any(
            reads(one, service({name: {}}))
            for query in one.queries.values()
            for name in _words(query.expr, one.defaults)
        ), one.name


def _words(expr: str, defaults: dict[str, str]) -> set[str]:
    """Every word of a query and of its defaults: some of them are metrics' names."""
    text = " ".join([expr, *defaults.values()])
    return set("".join(char if char.isalnum() or char in "_:" else " " for char in text).split())
