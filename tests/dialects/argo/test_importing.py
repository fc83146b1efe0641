"""What templates become, what is told about it, and what is refused with its place."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ruamel.yaml import YAML

from judge.dialects.argo.importing.analysis import Imported, imported
from judge.errors import SpecError
from judge.spec.document import to_document
from judge.spec.loading import load_analysis
from judge.spec.written import Written, read_documents

RATE = (
    'sum(rate(http_requests_total{hash="{{args.canary-hash}}",code=~"5.."}[5m]))'
    ' / sum(rate(http_requests_total{hash="{{args.canary-hash}}"}[5m]))'
)
ADDRESS = "http://prometheus:9090"


def metric(**more: Any) -> dict[str, Any]:
    """A metric of a share of errors; ``query`` and what else `prometheus` holds go there."""
    server = {"address": ADDRESS, "query": RATE}
    server |= {
        name: more.pop(name)
        for name in ("query", "address", "headers", "authentication", "rangeQuery", "insecure")
        if name in more
    }
    given = {"name": "errors", "successCondition": "result[0] <= 0.05", **more}
    return {"provider": {"prometheus": server}, **given}


def template(*metrics: dict[str, Any], name: str = "judged", **spec: Any) -> dict[str, Any]:
    args = spec.pop("args", [{"name": "canary-hash"}])
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": spec.pop("kind", "AnalysisTemplate"),
        "metadata": {"name": name},
        "spec": {"args": args, "metrics": list(metrics or [metric()]), **spec},
    }


def rollout(*args: dict[str, Any], name: str = "judged", **canary: Any) -> dict[str, Any]:
    analysis = {"templates": [{"templateName": name}], "args": list(args)}
    analysis |= canary.pop("analysis", {})
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Rollout",
        "metadata": {"name": "checkout", "namespace": "shop", "labels": {"env": "prod"}},
        "spec": {"strategy": {"canary": {"analysis": analysis, **canary}}},
    }


def written(*documents: dict[str, Any]) -> tuple[Written, ...]:
    return tuple(Written(one, "template.yaml") for one in documents)


def made(*documents: dict[str, Any], **given: str) -> Imported:
    values = {name.replace("_", "-"): value for name, value in given.items()}
    return imported(written(*documents), given=values)


def spec_of(one: Imported) -> dict[str, Any]:
    spec: dict[str, Any] = YAML(typ="safe").load(one.text)["spec"]
    return spec


def said(one: Imported) -> str:
    return "\n".join(str(remark) for remark in one.remarks)


LATEST = {"name": "canary-hash", "valueFrom": {"podTemplateHashValue": "Latest"}}
STABLE = {"name": "stable-hash", "valueFrom": {"podTemplateHashValue": "Stable"}}


def test_a_share_of_errors_becomes_a_bound_and_a_comparison() -> None:
    one = made(template(metric(interval="30s", count=20, initialDelay="1m30s")), rollout(LATEST))
    spec = spec_of(one)
    (errors,) = spec["metrics"]
    assert (errors["kind"], errors["max"], errors["limit"]) == ("proportion", 0.05, {"ratio": 1.25})
    assert '"{{ hash }}"' in errors["queries"]["total"]
    assert (spec["interval"], spec["duration"], spec["warmup"]) == ("30s", "10m", "1m30s")
    assert spec["prometheus"] == {"address": ADDRESS}
    assert spec["tracks"]["canary"] == {"variables": {"hash": "{{ canaryHash }}"}}
    assert spec["tracks"]["baseline"] == {"variables": {"hash": "{{ stableHash }}"}}
    assert spec["inputs"] == ["stableHash", "canaryHash"]
    assert one.to_fill_in


def test_a_caller_sets_the_hashes() -> None:
    text = made(template(), rollout(LATEST)).text
    loaded = load_analysis(text, variables={"canaryHash": "abc", "stableHash": "def"})
    assert (loaded.name, loaded.namespace) == ("checkout", "shop")
    stored = json.dumps(to_document(loaded))
    assert 'hash=\\"abc\\"' in stored
    assert 'hash=\\"def\\"' in stored
    assert "CHANGE_ME" not in stored


def test_a_hash_may_tell_its_role_by_its_name_alone() -> None:
    for name in ("canary-hash", "latest-hash", "preview-pod-hash"):
        query = f'sum(x{{hash="{{{{ args.{name} }}}}"}})'
        one = made(template(metric(query=query), args=[{"name": name}]))
        assert spec_of(one)["tracks"]["baseline"]["variables"]
    one = made(template(metric(query='sum(x{hash="{{args.hash}}"})'), args=[{"name": "hash"}]))
    assert "variables" not in spec_of(one)["tracks"]["baseline"]


def test_the_services_of_the_rollout_tell_the_versions_apart() -> None:
    query = (
        'sum(rate(istio_requests_total{destination_service=~"{{args.service}}",'
        'response_code!~"5.*"}[5m])) / sum(rate('
        'istio_requests_total{destination_service=~"{{args.service}}"}[5m]))'
    )
    host = ".shop.svc.cluster.local"
    one = made(
        template(
            metric(query=query, successCondition="result[0] >= 0.95"), args=[{"name": "service"}]
        ),
        rollout(
            {"name": "service", "value": f"web-canary{host}"},
            canaryService="web-canary",
            stableService="web-stable",
        ),
    )
    spec = spec_of(one)
    assert spec["tracks"]["canary"]["variables"] == {"service": f"web-canary{host}"}
    assert spec["tracks"]["baseline"]["variables"] == {"service": f"web-stable{host}"}
    assert (spec["metrics"][0]["max"], "inputs" in spec) == (0.05, False)


def test_a_blue_green_preview_is_the_canary() -> None:
    analysis = {
        "templates": [{"templateName": "judged"}],
        "args": [{"name": "service", "value": "web-preview"}],
    }
    asked = rollout()
    asked["spec"]["strategy"] = {
        "blueGreen": {
            "activeService": "web-active",
            "previewService": "web-preview",
            "prePromotionAnalysis": analysis,
        }
    }
    one = made(
        template(metric(query='sum(x{service="{{args.service}}"})'), args=[{"name": "service"}]),
        asked,
    )
    tracks = spec_of(one)["tracks"]
    assert tracks["baseline"]["variables"] == {"service": "web-active"}


def test_an_experiments_hashes_are_the_versions() -> None:
    step = {
        "experiment": {
            "analyses": [
                {
                    "templateName": "judged",
                    "args": [
                        {
                            "name": "canary-hash",
                            "value": "{{templates.canary.podTemplateHash}}",
                        }
                    ],
                }
            ]
        }
    }
    asked = rollout(steps=[step])
    del asked["spec"]["strategy"]["canary"]["analysis"]
    assert spec_of(made(template(), asked))["tracks"]["canary"]["variables"]


def test_a_query_of_both_versions_is_held_to_its_bound() -> None:
    query = 'sum(x{h="{{args.canary-hash}}"}) / sum(x{h="{{args.stable-hash}}"})'
    args = [{"name": "canary-hash"}, {"name": "stable-hash"}]
    one = made(
        template(metric(query=query, successCondition="result[0] < 1.2"), args=args),
        rollout(LATEST, STABLE),
    )
    spec = spec_of(one)
    assert set(spec["inputs"]) == {"canaryHash", "stableHash"}
    assert "limit" not in spec["metrics"][0]


def test_the_stable_version_alone_is_not_judged() -> None:
    args = [{"name": "canary-hash"}, {"name": "stable-hash"}]
    alone = metric(name="old", query='sum(x{h="{{args.stable-hash}}"})')
    one = made(template(metric(), alone, args=args))
    assert [each["name"] for each in spec_of(one)["metrics"]] == ["errors"]
    assert "reads the stable version alone, which is not judged; the metric is left out" in said(
        one
    )


def test_a_level_is_held_to_its_bound_for_as_many_looks_as_may_fail() -> None:
    level = metric(query='sum(queue{h="{{args.canary-hash}}"})', interval="30s", count=40)
    one = made(template({**level, "failureLimit": 3, "successCondition": "result[0] <= 7"}))
    (queue,) = spec_of(one)["metrics"]
    assert (queue["kind"], queue["max"], queue["for"]) == ("gauge", 7, "2m")
    assert "limit" not in queue
    assert "becomes `for`: 4 looks in a row" in said(one)


def test_a_tested_bound_is_not_counted_by_looks() -> None:
    one = made(template(metric(interval="1m", failureLimit=3)))
    assert "for" not in spec_of(one)["metrics"][0]
    assert "stays behind; the bound is tested on all that was seen" in said(one)


@pytest.mark.parametrize("where", ["template", "rollout"])
def test_a_dry_run_is_observed(where: str) -> None:
    dry: dict[str, Any] = {"dryRun": [{"metricName": "err.*"}]}
    if where == "template":
        one = made(template(metric(), metric(name="other"), **dry), rollout(LATEST))
    else:
        one = made(template(metric(), metric(name="other")), rollout(LATEST, analysis=dry))
    assert [each.get("observe", False) for each in spec_of(one)["metrics"]] == [True, False]


def test_arguments_become_variables_in_strings_and_text_elsewhere() -> None:
    query = 'sum(rate(x{app="{{ args.app }}",h="{{args.canary-hash}}"}[{{args.window}}]))'
    args = [
        {"name": "canary-hash"},
        {"name": "app", "value": "cart"},
        {"name": "window", "value": "7m"},
        {"name": "most", "value": 3},
    ]
    one = made(
        template(metric(query=query, successCondition="result[0] < {{args.most}}"), args=args)
    )
    spec = spec_of(one)
    assert spec["variables"]["app"] == "cart"
    assert spec["metrics"][0]["max"] == 3
    assert "[7m]" in next(iter(spec["metrics"][0]["queries"].values()))
    assert "args.window is written as its value now, 7m" in said(one)
    assert "args.most is written as its value now, 3" in said(one)
    again = made(
        template(metric(query=query, successCondition="result[0] < {{args.most}}"), args=args),
        most="9",
        app="web",
    )
    assert spec_of(again)["metrics"][0]["max"] == 9
    assert spec_of(again)["variables"]["app"] == "web"


def test_a_value_that_a_string_would_read_otherwise_is_put_in_as_text() -> None:
    args = [{"name": "canary-hash"}, {"name": "codes", "value": "5\\\\d\\\\d"}]
    query = 'sum(x{h="{{args.canary-hash}}",code=~"{{args.codes}}"})'
    one = made(template(metric(query=query), args=args))
    assert 'code=~"5\\\\d\\\\d"' in next(iter(spec_of(one)["metrics"][0]["queries"].values()))


def test_secrets_stay_behind() -> None:
    args = [
        {"name": "canary-hash"},
        {"name": "key", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}},
    ]
    one = made(
        template(
            metric(
                headers=[
                    {"key": "Authorization", "value": "Bearer {{args.key}}"},
                    {"key": "X-Scope-OrgID", "value": "shop"},
                ],
                authentication={"sigv4": {"region": "eu"}, "basicAuth": {"username": "u"}},
                insecure=True,
            ),
            args=args,
        )
    )
    server = spec_of(one)["prometheus"]
    assert server["headers"] == {"X-Scope-OrgID": "shop"}
    assert server["tls"] == {"insecureSkipVerify": True}
    for words in ("secretKeyRef: is a secret", "headers[0]: is a secret", "let a proxy sign"):
        assert words in said(one)


def test_an_address_that_no_analysis_may_hold_is_told() -> None:
    one = made(template(metric(address="http://user:secret@prometheus:9090")))
    assert "prometheus" not in spec_of(one)
    assert "cannot stand in an analysis" in said(one)
    assert "secret@" not in one.text + said(one)


def test_a_template_that_is_asked_for_twice_is_imported_once() -> None:
    step = {"analysis": {"templates": [{"templateName": "judged"}], "args": []}}
    one = made(template(), rollout(LATEST, steps=[step]))
    assert len(spec_of(one)["metrics"]) == 1
    assert "asks for judged again; the arguments of the first time are taken" in said(one)


def test_what_is_not_of_one_prometheus_is_left_out() -> None:
    metrics = [
        metric(name="a"),
        metric(name="b"),
        metric(name="c", address="http://other:9090"),
        metric(name="d", rangeQuery={"start": "now()", "end": "now()", "step": "1m"}),
        {"name": "e", "provider": {"job": {}}},
        {"name": "f", "provider": {"web": {"url": "http://x"}}},
    ]
    one = made(template(*metrics))
    assert [each["name"] for each in spec_of(one)["metrics"]] == ["a", "b"]
    for words in (
        "reads one Prometheus, http://prometheus:9090 here; the metric is left out",
        "rangeQuery: is a range of values",
        "is of the provider job",
        "is of the provider web",
    ):
        assert words in said(one)


def test_a_metric_without_an_address_reads_the_default_server() -> None:
    bare = metric()
    del bare["provider"]["prometheus"]["address"]
    one = made(template(bare))
    assert "prometheus" not in spec_of(one)
    assert "the server `default` of its settings" in said(one)


@pytest.mark.parametrize(
    ("more", "steps", "duration"),
    [
        ({"interval": "5m", "count": "3"}, [], "15m"),
        ({"interval": "5m"}, [], "30m"),
        ({}, [], "30m"),
        ({"interval": "1m"}, [{"pause": {"duration": "10m"}}, {"pause": {"duration": 300}}], "15m"),
        ({"interval": "1m"}, [{"pause": {"duration": "10m"}}, {"pause": {}}], "30m"),
    ],
)
def test_how_long_it_looks(more: dict[str, Any], steps: list[Any], duration: str) -> None:
    one = made(template(metric(**more)), rollout(LATEST, steps=steps))
    assert spec_of(one)["duration"] == duration


def test_several_templates_are_one_analysis() -> None:
    inner = template(metric(name="inner"), name="inner", kind="ClusterAnalysisTemplate")
    outer = template(
        metric(name="outer"),
        name="outer",
        templates=[{"templateName": "inner", "clusterScope": True}],
    )
    unused = template(metric(name="unused"), name="unused")
    one = made(unused, inner, outer, rollout(LATEST, name="outer"))
    assert [each["name"] for each in spec_of(one)["metrics"]] == ["outer", "inner"]
    everything = made(unused, inner, outer)
    assert {each["name"] for each in spec_of(everything)["metrics"]} == {"unused", "inner", "outer"}


def test_a_list_of_them_is_read_as_several() -> None:
    listed = {"apiVersion": "v1", "kind": "List", "items": [template(), rollout(LATEST)]}
    assert made(listed).text == made(template(), rollout(LATEST)).text


def test_a_field_of_the_rollout_that_its_file_has_is_its_value() -> None:
    query = 'sum(x{h="{{args.canary-hash}}",env="{{args.env}}",r="{{args.revision}}"})'

    def of(name: str, path: str) -> dict[str, Any]:
        return {"name": name, "valueFrom": {"fieldRef": {"fieldPath": path}}}

    one = made(
        template(
            metric(query=query),
            args=[{"name": "canary-hash"}, {"name": "env"}, {"name": "revision"}],
        ),
        rollout(
            LATEST,
            of("env", "metadata.labels['env']"),
            of("revision", "metadata.annotations['rollout.argoproj.io/revision']"),
        ),
    )
    assert spec_of(one)["variables"]["env"] == "prod"
    assert spec_of(one)["variables"]["revision"] == "CHANGE_ME"
    assert "a caller sets the variable" in said(one)


@pytest.mark.parametrize(
    ("conditions", "words"),
    [
        ({"successCondition": "result[0] < 0.05"}, "lets 0.05 itself fail"),
        (
            {"successCondition": "result[0] < 0.05", "failureCondition": "result[0] > 0.1"},
            "leaves values between",
        ),
        ({"successCondition": "result <= 0.05"}, "read as result[0]"),
        (
            {"successCondition": "len(result) == 0 || result[0] <= 0.05"},
            "without data says Successful, of NaN says Failed",
        ),
    ],
)
def test_what_the_conditions_say_besides_is_told(conditions: dict[str, str], words: str) -> None:
    assert words in said(made(template(metric(**conditions))))


def test_queries_become_the_kinds_that_they_measure() -> None:
    one = 'h="{{args.canary-hash}}"'
    queries = {
        "percent": (
            f'sum(rate(r{{{one},code!~"5.."}}[5m])) / sum(rate(r{{{one}}}[5m])) * 100',
            "result[0] >= 95",
        ),
        "slowest": (
            f"histogram_quantile(0.99, sum(rate(b_bucket{{{one}}}[5m])) by (le)) * 1000",
            "result[0] <= 500",
        ),
        "mean": (
            f"sum(rate(b_sum{{{one}}}[5m])) / sum(rate(b_count{{{one}}}[5m]))",
            "result[0] <= 0.5",
        ),
        "rate": (f"sum(rate(r{{{one}}}[5m]))", "result[0] >= 10"),
    }
    metrics = [
        metric(name=name, query=query, successCondition=condition)
        for name, (query, condition) in queries.items()
    ]
    found = {each["name"]: each for each in spec_of(made(template(*metrics)))["metrics"]}
    said = {
        name: (each["kind"], each.get("max", each.get("min")), "limit" in each)
        for name, each in found.items()
    }
    assert said == {
        "percent": ("proportion", 0.05, True),
        "slowest": ("histogram", 0.5, True),
        "mean": ("gauge", 0.5, False),
        "rate": ("gauge", 10, False),
    }


def test_of_several_series_the_one_that_decides_is_bounded() -> None:
    query = 'sum by (pod) (queue{h="{{args.canary-hash}}"})'

    def asked(success: str) -> Imported:
        return made(template(metric(query=query, successCondition=success)))

    held = asked("all(result, {# <= 5})")
    assert spec_of(held)["metrics"][0]["queries"]["value"].startswith("max(sum by (pod) (queue{")
    assert "looks at each series" in said(asked("all(result, {# >= 1 && # <= 5})"))
    alone = spec_of(asked("result[0] <= 5"))
    assert alone["metrics"][0]["queries"]["value"].startswith("sum by (pod)")


def test_a_metric_without_conditions_is_compared() -> None:
    bare = metric()
    del bare["successCondition"]
    one = made(template(bare))
    assert "max" not in spec_of(one)["metrics"][0]
    assert "never fails; here the versions are compared" in said(one)


TEXT = """\
apiVersion: argoproj.io/v1alpha1
kind: AnalysisTemplate
metadata: {name: t}
spec:
  args:
    - name: window
  metrics:
    - name: one
      successCondition: result[0] >= 1 && result[1] > 2
      provider: {prometheus: {address: "http://p:9090", query: up}}
    - name: two
      successCondition: |
        result[0] >= 1 &&
        sum(result) > 2
      provider: {prometheus: {address: "http://p:9090", query: up}}
    - name: three
      successCondition: result[0] >= 1
      provider:
        prometheus:
          address: http://p:9090
          query: |
            sum(rate(x[{{args.window}}]))
    - name: four
      successCondition: result[0] >= 1
      provider:
        prometheus:
          address: http://p:9090
          query: sum(rate(x[5m])
    - name: five
      successCondition: result[0] != 5
      provider: {prometheus: {address: "http://p:9090", query: up}}
    - name: six
      interval: soon
      successCondition: result[0] > 5
      provider: {prometheus: {address: "http://p:9090", query: "up{a='{{args.none}}'}"}}
"""


def test_what_cannot_be_carried_over_is_told_with_its_place() -> None:
    with pytest.raises(SpecError) as refused:
        imported(read_documents(TEXT, source="t.yaml"))
    places = [(one.line, one.column, one.message.split(";")[0]) for one in refused.value.issues]
    assert places[:3] == [
        (9, 50, "'1' is another series than the first, and their order is chance"),
        (14, 9, "'sum' cannot be carried over"),
        (
            22,
            24,
            "{{args.window}} stands outside of a string, where no variable can",
        ),
    ]
    assert places[3][0] == 28
    assert places[4][0] == 30
    assert "one such range" in places[4][2]
    assert "none is no argument of the template" in places[5][2]
    assert "no metric that could be carried over" in places[6][2]


@pytest.mark.parametrize(
    ("documents", "words"),
    [
        ([{"kind": "Service", "apiVersion": "v1"}], "holds no AnalysisTemplate"),
        ([template(), rollout(name="gone")], "the template gone is in none of the files"),
        ([template(), rollout(LATEST), rollout(LATEST)], "second Rollout"),
        ([{**template(), "spec": None}], "has no spec"),
        ([{**template(), "metadata": {}}], "has no metadata.name"),
        ([template(metrics="x")], "must be a list"),
        ([{**template(), "metadata": {"name": "x", "namespace": "a b"}}], "is no namespace"),
        ([template(metrics=["x"])], "must be a mapping"),
        ([template(metric(count="many"))], "is no whole number"),
        ([template(metric(count=5))], "needs an interval"),
        ([template(metric(interval="soon"))], "is no duration"),
        ([template(metric(failureLimit=-1))], "waits for a success"),
        ([template(metric(query=""))], "has no query"),
        ([template(metric(query="x{"))], "metrics[0].provider.prometheus.query"),
        ([template(metric(query="x{a='${b}'}"))], "${b} would be taken for a variable of Judge's"),
        ([template(metric(query="x{a='{{b}}'}"))], "{{b}} would be taken for a variable"),
        ([template(metric(successCondition=True))], "must be a text"),
        ([template(metric(address="{{args.canary-hash}}"))], "--set canary-hash=VALUE"),
        ([template(metric(address="{{workflow.x}}"))], "nothing that Argo Rollouts fills in"),
        ([template(templates=[{"templateName": "gone"}])], "is in none of the files"),
    ],
)
def test_files_that_cannot_be_used_are_refused(documents: list[Any], words: str) -> None:
    with pytest.raises(SpecError) as refused:
        made(*documents)
    assert words in str(refused.value)


def test_a_value_of_no_argument_is_refused() -> None:
    with pytest.raises(SpecError, match="nothing is no argument of the templates"):
        made(template(), nothing="1")
