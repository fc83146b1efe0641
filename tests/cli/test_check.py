"""``judge check``: what it says of files, and of what their queries find."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from jsonschema import Draft202012Validator

from judge.cli.main import judge
from judge.errors import SourceUnavailable, SpecError
from tests.servers.exposition import Series
from tests.servers.process import free_port
from tests.servers.prometheus import backfilled

RIGHT = """\
apiVersion: judge/v1
kind: Analysis
metadata: {name: checkout}
spec:
  inputs: [metric]
  tracks:
    baseline: {selector: 'track="stable"'}
    canary: {selector: 'track="canary"'}
  metrics:
    - {name: errors, template: http-error-rate}
"""
SHOWN = """\
{file}: checkout is well written: 30 looks of 1m
  errors (http-error-rate): bad is an increase; limit 1.25, worst 2
    baseline events, a counter
      http_requests_total{{ track="stable", code=~"5.." }}
    baseline total, a counter
      http_requests_total{{ track="stable" }}
    canary events, a counter
      http_requests_total{{ track="canary", code=~"5.." }}
    canary total, a counter
      http_requests_total{{ track="canary" }}
"""


def check(*arguments: str | Path) -> Result:
    return CliRunner().invoke(judge, ["check", *map(str, arguments)])


@pytest.mark.parametrize(
    ("judged", "metric", "told"),
    [
        ("judge: kayenta", "template: http-error-rate", "bad is an increase; limit 1.25\n"),
        (
            "judge: kayenta",
            "kind: series, queries: {values: 'm{ ${selector} }'}",
            '    baseline values, a series every 1m\n      m{ track="stable" }\n',
        ),
        (
            "judge: kayenta",
            "template: http-error-rate, direction: either, kayenta: {effectSize: {measure: cles}}",
            "bad is any change; cles up from 0.5, down from 0.5\n",
        ),
        (
            "judge: kayenta",
            "template: http-latency, direction: decrease, kayenta: {nanStrategy: replace}",
            "bad is a decrease; meanRatio down from 1\n",
        ),
        (
            "judge: kayenta, strict: true, lookback: 5m",
            "template: http-error-rate",
            "30 looks of 1m, judged strictly by Kayenta's judge, 5m back\n",
        ),
        (
            "alsoJudge: kayenta",
            "template: http-error-rate",
            "30 looks of 1m, judged by Kayenta's judge as well\n",
        ),
    ],
)
def test_whose_judgement_it_is_and_from_where_on_is_told(
    tmp_path: Path, judged: str, metric: str, told: str
) -> None:
    file = tmp_path / "a.yaml"
    fields = "".join(f"  {field}\n" for field in judged.split(", "))
    head = RIGHT[: RIGHT.index("  inputs")] + RIGHT[RIGHT.index("  tracks") :]
    file.write_text(
        head[: head.index("  metrics")] + fields + f"  metrics: [{{name: a, {metric}}}]\n"
    )
    done = check(file)
    assert done.exit_code == 0, done.output
    assert told in done.output


@pytest.fixture
def right(tmp_path: Path) -> Path:
    path = tmp_path / "right.yaml"
    path.write_text(RIGHT)
    return path


def test_each_query_is_shown_as_it_will_be_asked(right: Path) -> None:
    done = check(right)
    assert (done.exit_code, done.output) == (0, SHOWN.format(file=right))


@pytest.mark.parametrize(
    ("metric", "told"),
    [
        ("template: http-error-rate, max: 5%", "bad is an increase; limit 1.25, worst 2; max 5%"),
        (
            "kind: gauge, queries: {value: 'used{ ${selector} }'}, min: 2, max: 7, for: 90s",
            "max 7 for 1m30s; min 2 for 1m30s",
        ),
        (
            (
                "kind: histogram, queries: {buckets: 'took{ ${selector} }'}, limit: {ratio: 1.2}, "
                "max: 0.3, quantile: 0.95"
            ),
            "bad is an increase; limit 1.2, worst 2; max 0.3 at quantile 0.95",
        ),
        (
            (
                "kind: gauge, queries: {value: 'used{ ${selector} }'}, compare: slope, "
                "direction: increase, limit: {ratio: 1.1}"
            ),
            "bad is faster growth; limit 1.1, worst 2",
        ),
        (
            (
                "kind: gauge, queries: {value: 'used{ ${selector} }'}, compare: slope, "
                "direction: either, limit: {ratio: 1.1}"
            ),
            "bad is any other growth; limit 1.1, worst 2",
        ),
    ],
)
def test_what_a_metric_is_held_to_is_shown(right: Path, metric: str, told: str) -> None:
    right.write_text(RIGHT.replace("template: http-error-rate", metric))
    done = check(right)
    assert done.exit_code == 0, done.output
    (line,) = [line for line in done.output.splitlines() if line.startswith("  errors (")]
    assert line.partition("): ")[2] == told


def test_what_comes_of_the_looks_is_told(right: Path) -> None:
    right.write_text(RIGHT + "  earlyPass: true\n  keepWatching: 10m\n")
    (first, *_) = check(right).output.splitlines()
    assert first.endswith("30 looks of 1m, fewer where it passes early, and 10 after a pass")


def test_all_files_are_told_of_and_one_that_is_wrong_is_exit_2(right: Path) -> None:
    wrong = right.with_name("wrong.yaml")
    wrong.write_text(RIGHT.replace("http-error-rate", "x").replace("inputs", "imputs"))
    worse = right.with_name("worse.yaml")
    worse.write_text(RIGHT.replace("http-error-rate", "x"))
    done = check(wrong, right, worse, right.with_name("none.yaml"))
    assert done.exit_code == 2
    lines = done.output.splitlines()
    assert lines[0].startswith(f"{wrong}:5:3: spec.imputs: is not a field here; known: ")
    assert lines[0].endswith("did you mean inputs?")
    assert lines[1] == f"{right}: checkout is well written: 30 looks of 1m"
    assert lines[-2].startswith(f"{worse}:10:32: spec.metrics[0].template: there is no template x")
    assert lines[-1].startswith(f"{right.with_name('none.yaml')}: cannot be read (No such file")


def test_inputs_can_be_set_and_nothing_else(right: Path) -> None:
    assert 'served{ track="stable" }' in check(right, "--set", "metric=served").output
    done = check(right, "--set", "errors=4..")
    assert done.exit_code == 2
    assert (
        "a caller cannot set the variable errors; add it to inputs (known: metric)" in done.output
    )
    assert "write --set NAME=VALUE" in check(right, "--set", "metric").output
    assert "metric is set twice" in check(right, "--set", "metric=a", "--set", "metric=b").output


def test_a_notice_is_told_and_forgiven(right: Path) -> None:
    right.write_text(RIGHT.replace("spec:\n", "spec:\n  variables: {app: x}\n"))
    done = check(right)
    assert done.exit_code == 0
    assert done.output.startswith(
        f"{right}:5:15: spec.variables.app: nothing uses the variable app (a notice; it can be "
    )


def test_json_for_programs(right: Path) -> None:
    wrong = right.with_name("wrong.yaml")
    wrong.write_text(RIGHT + "  interval: 1\n")
    done = check(right, wrong, "--output", "json")
    assert done.exit_code == 2
    first, second = json.loads(done.output)["files"]
    assert (first["file"], first["ok"], first["analysis"]) == (str(right), True, "checkout")
    assert first["queries"][0] == {
        "metric": "errors",
        "track": "baseline",
        "part": "events",
        "expr": 'http_requests_total{ track="stable", code=~"5.." }',
        "reading": "counter",
    }
    assert (second["ok"], second["queries"], second["analysis"]) == (False, [], None)
    assert second["issues"] == [
        {
            "path": "spec.interval",
            "message": "1 has no unit; write 1s, if seconds were meant",
            "source": str(wrong),
            "line": 11,
            "column": 13,
        }
    ]


def test_the_schema_is_printed(right: Path) -> None:
    done = check("--schema")
    assert done.exit_code == 0
    Draft202012Validator.check_schema(json.loads(done.output))


def test_without_a_file_it_says_how(right: Path) -> None:
    done = check()
    assert done.exit_code == 2
    assert "name an analysis: judge check FILE..." in done.output


def test_a_server_of_the_settings_can_be_named(
    right: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    right.write_text(RIGHT.replace("spec:\n", "spec:\n  prometheus: far\n"))
    assert "the settings have no Prometheus named far" in check(right).output
    monkeypatch.setenv("JUDGE_PROMETHEUS", '{"far": {"address": "http://far:9090"}}')
    assert check(right).exit_code == 0


def test_what_the_queries_find_is_counted(right: Path, tmp_path: Path) -> None:
    right.write_text(RIGHT + "    - {name: calls, template: grpc-error-rate}\n")
    series = [
        Series("http_requests_total", {"track": "stable", "pod": pod, "code": code}, [(at, 5.0)])
        for at in (recent(),)
        for pod in ("a", "b")
        for code in ("200", "404", "500")
    ]
    with backfilled(tmp_path, series) as address:
        done = check(right, "--prometheus", address)
        told = json.loads(check(right, "--prometheus", address, "--output", "json").output)
        right.write_text(
            RIGHT.replace(
                "template: http-error-rate",
                "kind: proportion, queries: {events: '{ {{ selector }} }', "
                "total: {expr: 'sum_of({ {{ selector }} })', reading: gauge}}",
            )
        )
        refused = check(right, "--prometheus", address)
    assert done.exit_code == 0, done.output
    assert "baseline events, a counter: 2 series, 2 pods\n" in done.output
    assert "baseline total, a counter: 6 series, 2 pods\n" in done.output
    assert "canary events, a counter: 0 series, 0 pods\n" in done.output
    assert "canary total, a counter: 0 series, 0 pods; nothing matches, so look" in done.output
    query = told["files"][0]["queries"][1]
    assert (query["series"], query["pods"], query["error"]) == (6, 2, None)
    assert refused.exit_code == 2
    assert "checkout has queries that Prometheus refuses" in refused.output
    assert "unknown function" in refused.output


WEIGHTS = """\
    baseline: {selector: 'track="stable"', weight: {query: 'weight{workload="b"}'}}
    canary: {selector: 'track="canary"', weight: {query: 'weight{workload="c"}', of: 100}}
    shadow: {selector: 'track="shadow"', weight: {query: 'weight'}}
"""


def test_a_weight_that_is_a_query_is_shown_and_what_it_finds(right: Path, tmp_path: Path) -> None:
    head, _, rest = RIGHT.partition("    baseline:")
    right.write_text(head + WEIGHTS + rest[rest.index("  metrics:") :])
    shown = check(right)
    series = [Series("weight", {"workload": name}, [(recent(), 25.0)]) for name in "bc"]
    with backfilled(tmp_path, series) as address:
        done = check(right, "--prometheus", address)
        told = json.loads(check(right, "--prometheus", address, "--output", "json").output)
        right.write_text(right.read_text().replace("'weight'", "'sum_of(weight)'"))
        refused = check(right, "--prometheus", address)
        right.write_text(right.read_text().replace("sum_of(weight)", "wait"))
        nothing = check(right, "--prometheus", address)
    assert '  weight of the canary, of 100\n      weight{workload="c"}\n' in shown.output
    assert done.exit_code == 0, done.output
    assert "of the canary, of 100: 1 series, 25% of the requests just now\n" in done.output
    assert (
        "of the baseline, of 1: 1 series, whose value does not lie between 0 and 1" in done.output
    )
    assert "of the shadow, of 1: 2 series, where one is needed; put max" in done.output
    assert told["files"][0]["weights"][1] == {
        "track": "canary",
        "expr": 'weight{workload="c"}',
        "of": 100.0,
        "series": 1,
        "share": 0.25,
        "error": None,
    }
    assert refused.exit_code == 2
    assert "unknown function" in refused.output
    assert "of the shadow, of 1: 0 series, where one is needed; look at the query" in nothing.output


ASKED_SELDOM = """\
    - {name: calls, template: grpc-error-rate, OBSERVE}
    - {name: latency, template: http-latency, OBSERVE, limit: {ratio: 1.2}}
"""


def seldom() -> list[Series]:
    """An hour of one call a minute, and of a latency in buckets that are far apart."""
    now = recent()
    times = [now - 15 * back for back in reversed(range(240))]
    found = []
    for pod in ("a", "b"):
        labels = {"track": "stable", "pod": pod}
        calls = [(at, float(i // 4)) for i, at in enumerate(times)]
        found.append(Series("grpc_server_handled_total", {**labels, "grpc_code": "OK"}, calls))
        for le, share in (("0.1", 0.4), ("1", 0.8), ("10", 0.95), ("+Inf", 1.0)):
            counts = [(at, share * 1500 * i) for i, at in enumerate(times)]
            bucket = "http_request_duration_seconds_bucket"
            found.append(Series(bucket, {**labels, "le": le}, counts))
    return found


def test_what_cannot_be_tested_is_told_with_what_would_mend_it(right: Path, tmp_path: Path) -> None:
    head = RIGHT.partition("    - {name: errors")[0]
    observed = right.with_name("observed.yaml")
    right.write_text(head + ASKED_SELDOM.replace("OBSERVE", "observe: false"))
    observed.write_text(head + ASKED_SELDOM.replace("OBSERVE", "observe: true"))
    with backfilled(tmp_path, seldom()) as address:
        done = check(right, "--prometheus", address)
        told = json.loads(check(right, "--prometheus", address, "--output", "json").output)
        watched = check(observed, "--prometheus", address)
    assert done.exit_code == 2
    assert f"{right}: checkout cannot be tested as it is: 30 looks of 1m" in done.output
    assert "    cannot be tested: calls: too few requests: " in done.output
    assert "give the canary more of the traffic" in done.output
    assert "    cannot be tested: latency: " in done.output
    assert (
        "baseline buckets, a counter: 8 series, 2 pods, 4 bounds of classic buckets" in done.output
    )
    (read,) = [one["buckets"] for one in told["files"][0]["queries"] if "buckets" in one]
    assert read == {"bounds": 4, "native": False}
    assert not told["files"][0]["ok"]
    hopeless = {one["metric"] for one in told["files"][0]["shortfalls"] if one["hopeless"]}
    assert hopeless == {"calls", "latency"}
    assert watched.exit_code == 0
    assert "    cannot be tested: calls: too few requests: " in watched.output


def recent() -> float:
    """Just now: the command asks for the present."""
    return float(int(time.time()) - 5)


def test_a_server_out_of_reach_is_no_fault_of_the_file(right: Path) -> None:
    done = check(right, "--prometheus", f"http://127.0.0.1:{free_port()}")
    assert isinstance(done.exception, SourceUnavailable)


def test_an_address_that_is_none_is_refused(right: Path) -> None:
    done = check(right, "--prometheus", "prometheus")
    assert isinstance(done.exception, SpecError)
    assert str(done.exception).startswith("--prometheus: address: 'prometheus' is no URL")
