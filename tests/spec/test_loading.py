"""What is right is resolved; what is wrong is told with its file, line and column."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from judge.errors import SpecError
from judge.spec.loading import (
    load_analysis,
    load_analysis_document,
    load_analysis_file,
    load_prometheus,
    read_analysis_file,
)
from judge.spec.resolved import (
    Actions,
    BasicAuth,
    Bound,
    Compare,
    Direction,
    Kind,
    Metric,
    Mode,
    PrometheusConfig,
    Query,
    Reading,
    ResolvedAnalysis,
    Risk,
    ScoreThresholds,
    Tls,
    Track,
    Webhook,
    WeightQuery,
)

EXAMPLES = Path(__file__).parents[2] / "deploy" / "examples" / "analysis"

WHOLE = """\
apiVersion: judge/v1
kind: Analysis
metadata: {name: checkout, namespace: shop, labels: {team: web}}
spec:
  prometheus:
    address: https://prometheus.example/path
    headers: {X-Scope-OrgID: shop}
    basicAuth: {username: judge, passwordFile: /etc/judge/password}
    tls: {caFile: /ca.pem, certFile: /me.pem, keyFile: /me.key}
    proxy: http://proxy:3128
    timeout: 5s
    replicaLabels: [replica]
    podLabel: instance
  variables: {app: checkout, port: 8080}
  inputs: [app]
  tracks:
    baseline: {selector: 'app="{{ app }}",track="stable"'}
    canary: {selector: 'app="{{ app }}",track="canary"', weight: 10%}
    shadow:
      selector: 'app="{{ app }}",track="shadow"'
      weight: {query: 'share{ {{ selector }} } # {{ track }}', of: 100}
  interval: 30s
  duration: 10m
  warmup: 2m
  delay: 15s
  history: 4h
  judge: sequential
  mode: observe
  risk: {falseRollback: 5%, missedRegression: 0.1}
  score: {pass: 90, marginal: 60.5}
  earlyPass: true
  keepWatching: 20m
  metrics:
    - {name: errors, template: http-error-rate, variables: {errors: '5..|429'}, worst: {ratio: 3}}
    - name: conversions
      kind: proportion
      unit: share of visits
      direction: decrease
      weight: 0.5
      critical: false
      observe: true
      podLabel: host
      queries:
        events: 'orders_total{ {{ selector }}, port="${port}" }'
        total: {expr: 'sum by (host) (visits{ {{ selector }} })', reading: gauge}
    - name: latency
      kind: histogram
      limit: {ratio: 1.2}
      max: 0.3
      quantile: 0.95
      queries: {buckets: 'request_seconds_bucket{ {{ selector }} }'}
    - name: memory
      kind: gauge
      compare: slope
      direction: increase
      limit: {ratio: 1.1}
      floor: 1.5
      min: 0
      max: 2e9
      for: 2m
      queries: {value: 'memory_bytes{ {{ selector }} }'}
  onPass: [{webhook: {url: https://ci/promote, secretFile: /etc/hmac, headers: {X-A: b}}}]
  onInterval: [{webhook: {url: http://ci/look, timeout: 1s}}]
"""


def queries(track: str) -> dict[str, Query]:
    where = f'app="checkout",track="{track}"'
    return {
        "events": Query(f'http_requests_total{{ {where}, code=~"5..|429" }}'),
        "total": Query(f"http_requests_total{{ {where} }}"),
    }


def conversions(track: str) -> dict[str, Query]:
    where = f'app="checkout",track="{track}"'
    return {
        "events": Query(f'orders_total{{ {where}, port="8080" }}'),
        "total": Query(f"sum by (host) (visits{{ {where} }})", Reading.GAUGE),
    }


def latency(track: str) -> dict[str, Query]:
    return {"buckets": Query(f'request_seconds_bucket{{ app="checkout",track="{track}" }}')}


def memory(track: str) -> dict[str, Query]:
    where = f'app="checkout",track="{track}"'
    return {"value": Query(f"memory_bytes{{ {where} }}", Reading.GAUGE)}


def test_every_field_of_a_whole_analysis_arrives() -> None:
    tracks = {"baseline": "stable", "canary": "canary", "shadow": "shadow"}
    assert load_analysis(WHOLE) == ResolvedAnalysis(
        name="checkout",
        namespace="shop",
        labels={"team": "web"},
        prometheus=PrometheusConfig(
            address="https://prometheus.example/path",
            headers={"X-Scope-OrgID": "shop"},
            basic_auth=BasicAuth("judge", password_file="/etc/judge/password"),
            tls=Tls("/ca.pem", "/me.pem", "/me.key"),
            proxy="http://proxy:3128",
            timeout=5.0,
            replica_labels=("replica",),
            pod_label="instance",
        ),
        tracks={
            "baseline": Track('app="checkout",track="stable"'),
            "canary": Track('app="checkout",track="canary"', 0.1),
            "shadow": Track(
                'app="checkout",track="shadow"',
                weight_query=WeightQuery('share{ app="checkout",track="shadow" } # shadow', of=100),
            ),
        },
        interval=30.0,
        duration=600.0,
        warmup=120.0,
        delay=15.0,
        history=14400.0,
        mode=Mode.OBSERVE,
        risk=Risk(0.05, 0.1),
        score=ScoreThresholds(90.0, 60.5),
        metrics=(
            Metric(
                name="errors",
                kind=Kind.PROPORTION,
                direction=Direction.INCREASE,
                limit=1.25,
                worst=3.0,
                unit="share of requests",
                template="http-error-rate",
                queries={track: queries(value) for track, value in tracks.items()},
            ),
            Metric(
                name="conversions",
                kind=Kind.PROPORTION,
                direction=Direction.DECREASE,
                limit=0.8,
                worst=0.5,
                unit="share of visits",
                weight=0.5,
                critical=False,
                observe=True,
                pod_label="host",
                queries={track: conversions(value) for track, value in tracks.items()},
            ),
            Metric(
                name="latency",
                kind=Kind.HISTOGRAM,
                direction=Direction.INCREASE,
                limit=1.2,
                worst=2.0,
                bound=Bound(max=0.3, quantile=0.95),
                queries={track: latency(value) for track, value in tracks.items()},
            ),
            Metric(
                name="memory",
                kind=Kind.GAUGE,
                direction=Direction.INCREASE,
                limit=1.1,
                worst=2.0,
                bound=Bound(max=2e9, min=0.0, lasting=120.0),
                compare=Compare.SLOPE,
                floor=1.5,
                queries={track: memory(value) for track, value in tracks.items()},
            ),
        ),
        actions=Actions(
            on_pass=(Webhook("https://ci/promote", "/etc/hmac", {"X-A": "b"}),),
            on_interval=(Webhook("http://ci/look", timeout=1.0),),
        ),
        early_pass=True,
        keep_watching=1200.0,
    )


SMALL = """\
apiVersion: judge/v1
kind: Analysis
metadata: {name: checkout}
spec:
  tracks:
    baseline: {selector: 'track="stable"'}
    canary: {selector: 'track="canary"'}
  metrics:
    - {name: errors, template: http-error-rate}
"""


def test_defaults_are_those_of_the_design() -> None:
    analysis = load_analysis(SMALL)
    assert (analysis.interval, analysis.duration, analysis.warmup) == (60.0, 1800.0, 0.0)
    assert (analysis.delay, analysis.history, analysis.namespace) == (None, 28800.0, "default")
    assert (analysis.risk, analysis.score) == (Risk(0.01, 0.05), ScoreThresholds(75.0, 50.0))
    assert (analysis.mode, analysis.actions) == (Mode.ENFORCE, Actions())
    assert analysis.prometheus == PrometheusConfig()
    metric = analysis.metrics[0]
    assert (metric.limit, metric.worst, metric.weight) == (1.25, 2.0, 1.0)
    assert (metric.critical, metric.observe) == (True, False)


def test_a_long_run_has_a_longer_history() -> None:
    analysis = load_analysis(SMALL.replace("  metrics:", "  duration: 2h\n  metrics:"))
    assert analysis.history == 16 * 7200.0


@pytest.mark.parametrize(
    ("written", "direction", "limit", "worst"),
    [
        ("", Direction.INCREASE, 1.25, 2.0),
        ("limit: {ratio: 2}", Direction.INCREASE, 2.0, 8.0),
        ("limit: {ratio: 1}", Direction.INCREASE, 1.0, 2.0),
        ("limit: {ratio: 1.5}, worst: {ratio: 1.6}", Direction.INCREASE, 1.5, 1.6),
        ("direction: decrease", Direction.DECREASE, 0.8, 0.5),
        ("direction: decrease, limit: {ratio: 0.5}", Direction.DECREASE, 0.5, 0.125),
        ("direction: decrease, limit: {ratio: 1}", Direction.DECREASE, 1.0, 0.5),
        ("direction: either, limit: {ratio: 1.1}", Direction.EITHER, 1.1, 2.0),
    ],
)
def test_limit_and_worst_are_filled_in(
    written: str, direction: Direction, limit: float, worst: float
) -> None:
    text = SMALL.replace("http-error-rate}", f"http-error-rate, {written}}}")
    metric = load_analysis(text).metrics[0]
    assert (metric.direction, metric.limit) == (direction, limit)
    assert metric.worst == pytest.approx(worst, rel=1e-12)


def test_json_is_read_like_yaml_tabs_and_surrogates_included() -> None:
    document = {
        "apiVersion": "judge/v1",
        "kind": "Analysis",
        "metadata": {"name": "checkout", "labels": {"mood": "😀/"}},
        "spec": {
            "tracks": {
                "baseline": {"selector": 'track="stable"'},
                "canary": {"selector": 'track="canary"'},
            },
            "metrics": [{"name": "errors", "template": "http-error-rate"}],
        },
    }
    analysis = load_analysis(json.dumps(document, indent="\t").replace("/", "\\/"))
    assert analysis.labels == {"mood": "😀/"}
    assert analysis.metrics == load_analysis(SMALL).metrics
    assert load_analysis_document(document) == analysis


def test_anchors_and_merge_keys_are_yaml() -> None:
    text = """\
apiVersion: judge/v1
kind: Analysis
metadata: {name: checkout}
spec:
  tracks:
    baseline: &one {selector: 'track="stable"', weight: 50%}
    canary: {<<: *one, selector: 'track="canary"'}
  metrics:
    - &metric {name: errors, template: http-error-rate}
    - {<<: *metric, name: others, variables: {errors: 4..}}
"""
    analysis = load_analysis(text)
    assert analysis.tracks["canary"] == Track('track="canary"', 0.5)
    assert [metric.name for metric in analysis.metrics] == ["errors", "others"]


def test_a_caller_sets_its_inputs() -> None:
    analysis = load_analysis(WHOLE, variables={"app": "basket"})
    assert analysis.tracks["baseline"].selector == 'app="basket",track="stable"'


def test_a_caller_sets_nothing_else() -> None:
    with pytest.raises(SpecError) as wrong:
        load_analysis(WHOLE, source="a.yaml", variables={"port": "1"})
    assert str(wrong.value) == (
        "a.yaml:15:11: spec.inputs: a caller cannot set the variable port; add it to inputs "
        "(known: app)"
    )


def test_a_server_is_named_or_is_the_default_one() -> None:
    servers = {"default": PrometheusConfig("http://a"), "far": PrometheusConfig("http://b")}
    assert load_analysis(SMALL, prometheus=servers).prometheus == servers["default"]
    named = SMALL.replace("spec:", "spec:\n  prometheus: far")
    assert load_analysis(named, prometheus=servers).prometheus == servers["far"]
    with pytest.raises(SpecError, match=r"5:15: spec.prometheus: the settings have no Prometheus "):
        load_analysis(named)


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.yaml")), ids=lambda path: path.name)
def test_the_examples_are_right(path: Path) -> None:
    loaded = read_analysis_file(path)
    assert loaded.notices == ()
    assert loaded.analysis == load_analysis_file(path)


def spec(lines: str) -> str:
    """An analysis whose spec ends in ``lines``; the first of them is line 8."""
    head = SMALL.split("  metrics:")[0]
    return head + lines


METRICS = "  metrics: [{name: errors, template: http-error-rate}]\n"

BAD = {
    "an unknown field": (
        spec(METRICS + "  intervall: 1m\n"),
        "9:3: spec.intervall: is not a field here; known: alsoJudge, baselineOffset, delay, ",
        "did you mean interval?",
    ),
    "an unknown field of a metric": (
        spec("  metrics:\n    - name: errors\n      templates: x\n"),
        "10:7: spec.metrics[0].templates: is not a field here",
        "did you mean template?",
    ),
    "a duplicate key": (
        spec(METRICS + "  interval: 1m\n  interval: 2m\n"),
        "10:3: spec.interval: the key interval is written twice (first in line 9); keep one",
    ),
    "a duplicate key in a flow mapping": (
        spec("  metrics: [{name: a, name: b, template: http-error-rate}]\n"),
        "8:23: spec.metrics[0].name: the key name is written twice",
    ),
    "a duration without a unit": (
        spec(METRICS + "  interval: 60\n"),
        "9:13: spec.interval: 60 has no unit; write 1m, if seconds were meant",
    ),
    "a bad duration": (
        spec(METRICS + "  warmup: 5 minutes\n"),
        "9:11: spec.warmup: '5 minutes' is not a duration; write it as 90s, 5m",
    ),
    "a bad share": (
        spec(METRICS + "  risk: {falseRollback: 5 percent}\n"),
        "9:25: spec.risk.falseRollback: '5 percent' is not a share; write it as 5% or 0.05",
    ),
    "a risk of nothing": (
        spec(METRICS + "  risk: {falseRollback: 0%}\n"),
        "9:25: spec.risk.falseRollback: must be more than 0",
    ),
    "a risk beyond a half": (
        spec(METRICS + "  risk: {missedRegression: 51%}\n"),
        "9:28: spec.risk.missedRegression: must be 0.5 or less",
    ),
    "an interval longer than the duration": (
        spec(METRICS + "  interval: 10m\n  duration: 5m\n"),
        "10:13: spec.duration: the duration 5m is shorter than one interval (10m)",
    ),
    "an interval of milliseconds": (
        spec(METRICS + "  interval: 10ms\n"),
        "9:13: spec.interval: an interval of 10ms is too short; write 1s or more",
    ),
    "too many looks": (
        spec(METRICS + "  interval: 1s\n  duration: 4h\n"),
        "10:13: spec.duration: 14400 looks, more than 11000; write a longer interval",
    ),
    "a metric without a template": (
        spec("  metrics: [{name: errors}]\n"),
        "8:13: spec.metrics[0]: has no template; name one, or write kind and queries in place",
    ),
    "a kind without queries": (
        spec("  metrics: [{name: errors, kind: proportion}]\n"),
        "8:13: spec.metrics[0]: has no template; name one, or write queries in place",
    ),
    "an unknown template": (
        spec("  metrics: [{name: errors, template: http-eror-rate}]\n"),
        "8:38: spec.metrics[0].template: there is no template http-eror-rate; known: ",
        "did you mean http-error-rate?",
    ),
    "a template's path in a text": (
        spec("  metrics: [{name: errors, template: ./mine.yaml}]\n"),
        "8:38: spec.metrics[0].template: a template's path can only stand in a file",
    ),
    "a template and a kind": (
        spec("  metrics: [{name: errors, kind: proportion, template: http-error-rate}]\n"),
        "8:28: spec.metrics[0].kind: the template http-error-rate has its own kind; remove one",
    ),
    "two metrics of one name": (
        spec(
            "  metrics:\n"
            "    - {name: errors, template: http-error-rate}\n"
            "    - {name: errors, template: grpc-error-rate}\n"
        ),
        "10:14: spec.metrics[1].name: another metric is called errors",
    ),
    "a metric's name with a blank": (
        spec("  metrics: [{name: my errors, template: http-error-rate}]\n"),
        "8:20: spec.metrics[0].name: must be made of letters, digits, - and _",
    ),
    "no metrics": (
        spec("  metrics: []\n"),
        "8:12: spec.metrics: must hold at least 1; add one",
    ),
    "metrics that are no list": (
        spec("  metrics: {name: errors}\n"),
        "8:12: spec.metrics: must be a list; begin each item with a dash",
    ),
    "no metrics at all": (
        spec("  interval: 1m\n"),
        "5:3: spec.metrics: is missing; add it",
    ),
    "an unbalanced query": (
        spec(
            "  metrics:\n    - name: a\n      kind: proportion\n      queries:\n"
            "        events: {expr: 'sum(up', reading: gauge}\n        total: up\n"
        ),
        "12:28: spec.metrics[0].queries.events.expr: this ( is never closed; add its )",
    ),
    "an unbalanced query in a block": (
        spec(
            "  metrics:\n    - name: a\n      kind: proportion\n      queries:\n"
            "        events:\n          reading: gauge\n          expr: |\n"
            "            sum(\n              up{a='b}\n            )\n        total: up\n"
        ),
        "16:20: spec.metrics[0].queries.events.expr: this ' opens a string that is never closed",
    ),
    "a counter that is no selector": (
        spec(
            "  metrics:\n    - name: a\n      kind: proportion\n      queries:\n"
            "        events: 'rate(up{ {{ selector }} }[5m])'\n"
            "        total: 'up{{{ selector }}}'\n"
        ),
        ("12:17: spec.metrics[0].queries.events: events: a counter is read by a plain selector"),
        "or write reading: gauge",
    ),
    "an unknown variable in a query": (
        spec(
            "  metrics:\n    - name: a\n      kind: proportion\n      queries:\n"
            "        events: 'x{ {{ selector }}, a=\"{{ tier }}\" }'\n"
            "        total: 'x{ {{ selector }} }'\n"
        ),
        "9:7: spec.metrics[0]: the variable tier has no value for baseline, canary; set it",
    ),
    "another template language": (
        spec(
            "  metrics:\n    - name: a\n      kind: proportion\n      queries:\n"
            "        events: 'x{ {{ selector }}, a=~\"[0-9]{{2}}\" }'\n"
            "        total: 'x{ {{ selector }} }'\n"
        ),
        "12:46: spec.metrics[0].queries.events: {{ opens no variable; write {{ name }}",
    ),
    "a value that breaks out of a query": (
        spec(
            "  metrics:\n    - name: a\n      template: http-error-rate\n"
            "      variables: {metric: 'up or up'}\n"
        ),
        (
            "11:27: spec.metrics[0].variables.metric: events: the variable "
            "metric stands outside of a string"
        ),
    ),
    "a variable that nothing uses": (
        spec(
            "  metrics:\n    - name: a\n      template: http-error-rate\n"
            "      variables: {error: 4..}\n"
        ),
        "11:19: spec.metrics[0].variables.error: nothing uses the variable error; known: ",
        "did you mean errors?",
    ),
    "a shared variable that looks misspelt": (
        spec(METRICS + "  variables: {statuslabel: status}\n"),
        (
            "9:15: spec.variables.statuslabel: nothing uses the variable statuslabel; did you mean "
            "statusLabel?"
        ),
    ),
    "a variable that Judge sets": (
        spec(METRICS + "  variables: {selector: x}\n"),
        "9:15: spec.variables.selector: selector is set by Judge; rename the variable",
    ),
    "a variable that is a float": (
        spec(METRICS + "  variables: {version: 1.10}\n"),
        "9:24: spec.variables.version: a variable's value is a text; put it in quotes",
    ),
    "a variable's name with a dash": (
        spec(METRICS + "  variables: {my-app: x}\n"),
        "9:15: spec.variables.my-app: must be made of letters, digits and _",
    ),
    "a limit of the wrong side": (
        spec("  metrics: [{name: a, template: http-error-rate, limit: {ratio: 0.8}}]\n"),
        "8:65: spec.metrics[0].limit.ratio: 0.8 is below 1, but an increase is what is bad",
    ),
    "a limit for a decrease": (
        spec(
            "  metrics:\n    - name: a\n      template: http-error-rate\n"
            "      direction: decrease\n      limit: {ratio: 1.2}\n"
        ),
        "12:22: spec.metrics[0].limit.ratio: 1.2 is above 1, but a decrease is what is bad",
    ),
    "a worst that is not beyond the limit": (
        spec(
            "  metrics:\n    - name: a\n      template: http-error-rate\n"
            "      worst: {ratio: 1.25}\n"
        ),
        (
            "11:22: spec.metrics[0].worst.ratio: 1.25 is not beyond the limit; write a ratio above "
            "1.25"
        ),
    ),
    "a ratio of infinity": (
        spec("  metrics: [{name: a, template: http-error-rate, limit: {ratio: .inf}}]\n"),
        "8:65: spec.metrics[0].limit.ratio: must be a finite number",
    ),
    "a weight of nothing": (
        spec("  metrics: [{name: a, template: http-error-rate, weight: 0}]\n"),
        "8:58: spec.metrics[0].weight: must be more than 0",
    ),
    "a word for a boolean": (
        spec("  metrics: [{name: a, template: http-error-rate, critical: yes}]\n"),
        "8:60: spec.metrics[0].critical: must be true or false",
    ),
    "a score upside down": (
        spec(METRICS + "  score: {pass: 50, marginal: 75}\n"),
        "9:31: spec.score.marginal: must not be above pass (50); lower it",
    ),
    "a score beyond 100": (
        spec(METRICS + "  score: {pass: 101}\n"),
        "9:17: spec.score.pass: must be 100 or less",
    ),
    "an unknown mode": (
        spec(METRICS + "  mode: dry-run\n"),
        "9:9: spec.mode: must be 'enforce' or 'observe'",
    ),
    "an address without a scheme": (
        spec(METRICS + "  prometheus: {address: prometheus:9090}\n"),
        "9:25: spec.prometheus.address: 'prometheus:9090' is no URL; write http://host:port",
    ),
    "an address of another scheme": (
        spec(METRICS + "  prometheus: {address: 'ftp://prometheus'}\n"),
        "9:25: spec.prometheus.address: 'ftp://prometheus' is no URL",
    ),
    "a port that is none": (
        spec(METRICS + "  prometheus: {address: 'http://prometheus:99999'}\n"),
        "9:25: spec.prometheus.address: 'http://prometheus:99999' is no URL",
    ),
    "a password in a URL": (
        spec(METRICS + "  prometheus: {address: 'http://me:secret@prometheus'}\n"),
        "9:25: spec.prometheus.address: a user or password cannot stand in a URL",
    ),
    "a password": (
        spec(
            METRICS + "  prometheus: {address: 'http://p', basicAuth: {username: a, password: b}}\n"
        ),
        "9:72: spec.prometheus.basicAuth.password: a password cannot stand in an analysis",
    ),
    "a token in a header": (
        spec(METRICS + "  prometheus: {address: 'http://p', headers: {authorization: Bearer x}}\n"),
        "9:46: spec.prometheus.headers: authorization is a secret",
    ),
    "two ways to authenticate": (
        spec(
            METRICS + "  prometheus:\n    address: http://p\n    bearerTokenFile: /t\n"
            "    basicAuth: {username: a}\n"
        ),
        "12:5: spec.prometheus.basicAuth: there is a bearerTokenFile too; keep one way",
    ),
    "half a certificate": (
        spec(METRICS + "  prometheus: {address: 'http://p', tls: {certFile: /c}}\n"),
        "9:42: spec.prometheus.tls: certFile and keyFile go together",
    ),
    "a server that is a number": (
        spec(METRICS + "  prometheus: 9090\n"),
        "9:15: spec.prometheus: must be a mapping with the fields address, headers, ",
    ),
    "a webhook without a URL": (
        spec(METRICS + "  onPass: [{webhook: {secretFile: /s}}]\n"),
        "9:22: spec.onPass[0].webhook.url: is missing; add it",
    ),
    "an action to come": (
        spec(METRICS + "  onFail: [{slack: {channel: x}}]\n"),
        "9:13: spec.onFail[0].slack: is not there in this version yet; remove it",
    ),
    "an unknown action": (
        spec(METRICS + "  onFail: [{webhok: {url: http://x}}]\n"),
        "9:13: spec.onFail[0].webhok: is not a field here; known: webhook; did you mean webhook?",
    ),
    "stages": (
        spec(METRICS + "  stages: []\n"),
        "9:3: spec.stages: is not there in this version yet; remove it",
    ),
    "another judge": (
        spec(METRICS + "  judge: kayente\n"),
        "9:10: spec.judge: must be 'sequential' or 'kayenta'",
    ),
    "watching on for less than a look": (
        spec(METRICS + "  keepWatching: 30s\n"),
        "9:17: spec.keepWatching: 30s is shorter than one interval (1m); write an interval or",
    ),
    "watching on for too many looks": (
        spec(METRICS + "  keepWatching: 8d\n"),
        "9:17: spec.keepWatching: 11550 looks with the duration, more than 11000; write less",
    ),
    "a metric's own server": (
        spec("  metrics: [{name: a, template: http-error-rate, source: far}]\n"),
        "8:58: spec.metrics[0].source: a metric's own source is not judged by this version yet",
    ),
    "another version of the grammar": (
        SMALL.replace("judge/v1", "judge/v2"),
        "1:13: apiVersion: must be 'judge/v1'",
    ),
    "a template in an analysis's place": (
        SMALL.replace("kind: Analysis", "kind: MetricTemplate"),
        "2:7: kind: is a metric template, not an analysis; look at it by judge templates render",
    ),
    "a name with a blank": (
        SMALL.replace("name: checkout", "name: my checkout"),
        "3:18: metadata.name: must be made of letters, digits, - . and _, and begin and end with",
    ),
    "a document that is a list": (
        "- a\n",
        "1:1: must be a mapping with the fields apiVersion, kind, metadata, spec",
    ),
    "nothing": ("# nothing\n", "1:1: empty; write an analysis"),
    "two documents": (f"{SMALL}---\n{SMALL}", "10:1: not valid YAML: but found another document"),
    "broken YAML": (
        spec("  metrics: [{name: a\n"),
        "9:1: not valid YAML: ",
    ),
    "a tab for an indentation": (spec("  metrics:\n\t- a\n"), "9:1: not valid YAML: "),
    "a control character": (
        SMALL.replace("checkout", "check\x01out"),
        "3:23: the character U+0001 cannot stand in YAML; remove it",
    ),
    "a tag": (
        SMALL.replace("name: checkout", "name: !env NAME"),
        "3:18: metadata.name: the tag !env is not known; remove it",
    ),
    "an anchor that holds itself": (
        spec("  metrics: &all [*all]\n"),
        "8:12: spec.metrics[0]: this anchor holds itself",
    ),
    "half a character": (
        SMALL.replace("name: checkout", 'name: "\\ud800"'),
        "3:18: metadata.name: half of a character",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_what_is_wrong_is_told_with_its_place_and_the_way_out(case: str) -> None:
    text, *told = BAD[case]
    with pytest.raises(SpecError) as wrong:
        load_analysis(text, source="a.yaml")
    lines = str(wrong.value).splitlines()
    assert len(lines) == 1, lines
    assert lines[0].startswith(f"a.yaml:{told[0]}")
    assert all(part in lines[0] for part in told[1:])


TRACKS = """\
apiVersion: judge/v1
kind: Analysis
metadata: {name: checkout}
spec:
  metrics: [{name: errors, template: http-error-rate}]
  tracks:
"""

BAD_TRACKS = {
    "no baseline": (
        "    canary: {selector: 'a=\"b\"'}\n",
        "7:5: spec.tracks.baseline: is missing; add it",
    ),
    "nothing to compare": (
        "    baseline: {selector: 'a=\"b\"'}\n",
        "7:5: spec.tracks: nothing to compare; add a canary or a shadow",
    ),
    "an unknown track": (
        "    baseline: {selector: 'a=\"b\"'}\n    canari: {selector: 'a=\"c\"'}\n",
        "8:5: spec.tracks.canari: is not a field here; known: baseline, canary, shadow; did you",
    ),
    "the same pods twice": (
        "    baseline: {selector: 'a=\"b\"'}\n    canary: {selector: 'a=\"b\"'}\n",
        "5:13: spec.metrics[0]: reads the same series for baseline and canary; tell the tracks",
    ),
    "a value without quotes": (
        "    baseline: {selector: 'a=b'}\n    canary: {selector: 'a=\"b\"'}\n",
        '7:29: spec.tracks.baseline.selector: the value of a needs quotes: a="..."',
    ),
    "braces": (
        "    baseline: {selector: '{a=\"b\"}'}\n    canary: {selector: 'a=\"b\"'}\n",
        "7:27: spec.tracks.baseline.selector: expected a label name",
    ),
    "an open string": (
        '    baseline: {selector: \'a="c"\'}\n    canary:\n      selector: a="b\n',
        '9:19: spec.tracks.canary.selector: this " opens a string that is never closed',
    ),
    "a metric's name": (
        "    baseline: {selector: '__name__=\"up\"'}\n    canary: {selector: 'a=\"b\"'}\n",
        "7:26: spec.tracks.baseline.selector: a track's selector cannot name a metric",
    ),
    "an unknown variable": (
        "    baseline: {selector: 'a=\"{{ app }}\"'}\n    canary: {selector: 'a=\"b\"'}\n",
        "7:30: spec.tracks.baseline.selector: the variable app has no value",
    ),
    "no pods": (
        "    baseline: {weight: 10%}\n    canary: {selector: 'a=\"b\"'}\n",
        "7:15: spec.tracks.baseline: has no pods; add selector",
    ),
    "a weight of nothing": (
        "    baseline: {selector: 'a=\"c\"'}\n    canary: {selector: 'a=\"b\"', weight: 0%}\n",
        "8:41: spec.tracks.canary.weight: must be more than 0",
    ),
    "weights beyond the whole": (
        (
            "    baseline: {selector: 'a=\"c\"', weight: 95%}\n"
            "    canary: {selector: 'a=\"b\"', weight: 10%}\n"
        ),
        "7:5: spec.tracks: the weights add up to more than 100%",
    ),
    "a variable that nothing uses": (
        (
            "    baseline: {selector: 'a=\"c\"'}\n"
            "    canary: {selector: 'a=\"b\"', variables: {pods: x}}\n"
        ),
        "8:45: spec.tracks.canary.variables.pods: nothing uses the variable pods; known: errors",
    ),
}


@pytest.mark.parametrize("case", BAD_TRACKS)
def test_what_is_wrong_with_tracks_is_told(case: str) -> None:
    lines, told = BAD_TRACKS[case]
    with pytest.raises(SpecError) as wrong:
        load_analysis(TRACKS + lines, source="a.yaml")
    found = str(wrong.value).splitlines()
    assert any(line.startswith(f"a.yaml:{told}") for line in found), found
    assert len(found) == 1 or case in ("no pods", "an unknown variable", "an unknown track")


def test_a_template_that_needs_a_selector_says_so() -> None:
    text = TRACKS + "    baseline: {selector: 'a=\"b\"'}\n    canary: {variables: {metric: x}}\n"
    with pytest.raises(SpecError, match=r"5:13: spec.metrics\[0\]: needs the track's selector"):
        load_analysis(text)


def test_all_that_is_wrong_is_told_at_once() -> None:
    text = spec(
        "  interval: 60\n  risk: {falseRollback: 2}\n  metrics:\n"
        "    - {nam: x, limit: {ratio: 0}}\n  onPass: [{webhook: {url: x}}]\n"
    )
    with pytest.raises(SpecError) as wrong:
        load_analysis(text)
    assert sorted(issue.path for issue in wrong.value.issues) == [
        "spec.interval",
        "spec.metrics[0].limit.ratio",
        "spec.metrics[0].nam",
        "spec.onPass[0].webhook.url",
        "spec.risk.falseRollback",
    ]
    text = spec("  duration: 1s\n  score: {pass: 0}\n  metrics: [{name: a}, {name: a}]\n")
    with pytest.raises(SpecError) as wrong:
        load_analysis(text)
    assert sorted(issue.path for issue in wrong.value.issues) == [
        "spec.duration",
        "spec.metrics[0]",
        "spec.metrics[1]",
        "spec.metrics[1].name",
        "spec.score.marginal",
    ]


def test_a_request_has_paths_and_no_lines() -> None:
    with pytest.raises(SpecError) as wrong:
        load_analysis_document({"apiVersion": "judge/v1", "kind": "Analysis", "spec": {}})
    assert [str(issue) for issue in wrong.value.issues] == [
        "<request>: metadata: is missing; add it",
        "<request>: spec.tracks: is missing; add it",
        "<request>: spec.metrics: is missing; add it",
    ]


@pytest.mark.parametrize(
    ("place", "told"),
    [
        ("value", "metadata.labels.mood"),
        ("key", "metadata.labels.\\ud83d"),
        ("field", "metadata.\\ud83d"),
    ],
)
def test_half_characters_in_a_request_are_refused_printably(place: str, told: str) -> None:
    labels = {"value": {"mood": "\ud83d"}, "key": {"\ud83d": "x"}}.get(place, {})
    metadata = {"name": "a", "labels": labels, **({"\ud83d": 1} if place == "field" else {})}
    with pytest.raises(SpecError) as wrong:
        load_analysis_document({"kind": "Analysis", "metadata": metadata})
    assert str(wrong.value).encode("utf-8").decode("utf-8") == (
        f"<request>: {told}: holds half of a character (a lone surrogate); write the whole of it"
    )


def test_a_deep_request_is_refused_like_any_other() -> None:
    deep: list[Any] = []
    for _ in range(5000):
        deep = [deep]
    with pytest.raises(SpecError, match="metrics"):
        load_analysis_document({"kind": "Analysis", "spec": {"metrics": deep}})


@pytest.mark.parametrize("body", [[], "x", None, 5, {"spec": []}, {1: 2}])
def test_a_request_that_is_no_analysis_is_refused(body: Any) -> None:
    with pytest.raises(SpecError):
        load_analysis_document(body)


def test_deep_and_multiplying_documents_are_refused() -> None:
    with pytest.raises(SpecError, match="nested too deep"):
        load_analysis("[" * 800)
    layers = "\n".join(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 9))
    with pytest.raises(SpecError, match="more than 20000 values"):
        load_analysis(f"a0: &a0 [x]\n{layers}\n")
    with pytest.raises(SpecError, match="larger than 250000 characters"):
        load_analysis(f"a: {'x' * 250_001}")


def test_a_file_is_named_in_its_issues(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    with pytest.raises(SpecError, match=r"a.yaml: cannot be read \(No such file or directory\)"):
        load_analysis_file(path)
    path.write_bytes(b"a: \xff")
    with pytest.raises(SpecError, match=r"a.yaml: is not UTF-8 text; save it as UTF-8"):
        load_analysis_file(path)
    path.write_text("a: 1\n", encoding="utf-8-sig")
    with pytest.raises(SpecError, match=r"a.yaml:1:1: a: is not a field here"):
        load_analysis_file(path)


def test_a_template_beside_the_file_is_found_and_its_faults_are_told(tmp_path: Path) -> None:
    template = """\
apiVersion: judge/v1
kind: MetricTemplate
metadata: {name: mine}
spec:
  kind: proportion
  queries: {events: 'bad{ {{ selector }} }', total: 'all{ {{ selector }} }'}
"""
    path = tmp_path / "a.yaml"
    path.write_text(SMALL.replace("http-error-rate", "./mine.yaml"))
    (tmp_path / "mine.yaml").write_text(template)
    metric = load_analysis_file(path).metrics[0]
    assert metric.template == "mine"
    assert metric.queries["canary"]["events"] == Query('bad{ track="canary" }')
    (tmp_path / "mine.yaml").write_text(template.replace("bad{", "bad({"))
    with pytest.raises(SpecError) as wrong:
        load_analysis_file(path)
    assert "a.yaml:9:32: spec.metrics[0].template: ./mine.yaml:6:25: spec.queries.events" in str(
        wrong.value
    )


def test_shared_variables_that_nothing_uses_are_a_notice(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text(SMALL.replace("spec:\n", "spec:\n  variables: {app: checkout}\n"))
    notices = read_analysis_file(path).notices
    assert [str(one) for one in notices] == [
        f"{path}:5:15: spec.variables.app: nothing uses the variable app"
    ]


def test_variables_come_from_the_nearest_scope() -> None:
    text = """\
apiVersion: judge/v1
kind: Analysis
metadata: {name: checkout, namespace: shop, labels: {tier: gold}}
spec:
  variables: {who: spec, what: spec, hash: h1}
  inputs: [hash, what]
  interval: 90s
  tracks:
    baseline: {selector: 'track="a"', variables: {who: 'base-${hash}'}}
    canary: {selector: 'track="b"', variables: {who: canary}}
  metrics:
    - name: a
      kind: proportion
      variables: {what: metric}
      queries:
        events: 'x{ {{ selector }}, a="{{ who }}/{{ what }}/{{ namespace }}/{{ track }}" }'
        total: 'x{ {{ selector }}, b="{{ metadata.labels.tier }}{{ interval }}{{ podLabel }}" }'
"""
    queries = load_analysis(text, variables={"hash": "h2", "what": "caller"}).metrics[0].queries
    assert queries["baseline"]["events"].expr == (
        'x{ track="a", a="base-h2/metric/shop/baseline" }'
    )
    assert queries["canary"]["events"].expr == 'x{ track="b", a="canary/metric/shop/canary" }'
    assert queries["canary"]["total"].expr == 'x{ track="b", b="gold1m30spod" }'


def test_a_server_of_the_settings_is_held_to_the_same_rules() -> None:
    server = load_prometheus({"address": "http://p:9090", "timeout": "3s"})
    assert server == PrometheusConfig("http://p:9090", timeout=3.0)
    with pytest.raises(SpecError, match=r"<settings>: basicAuth: there is a bearerTokenFile too"):
        load_prometheus(
            {"address": "http://p", "bearerTokenFile": "/t", "basicAuth": {"username": "a"}}
        )


def test_the_default_history_is_that_of_a_whole_run() -> None:
    whole = load_analysis(spec(METRICS + "  duration: 1h\n  keepWatching: 1h\n"))
    assert (whole.history, whole.looks, whole.looks_after) == (16 * 7200.0, 60, 60)
    assert load_analysis(spec(METRICS)).history == 8 * 3600.0
