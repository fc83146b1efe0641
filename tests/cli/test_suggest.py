"""``judge templates suggest``, on services of several shapes in one real Prometheus."""

from __future__ import annotations

import re
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from judge.cli.main import judge
from judge.errors import SourceUnavailable, SpecError
from judge.spec.loading import load_analysis, load_prometheus
from judge.spec.resolved import ResolvedAnalysis
from tests.cli.shapes import all_of_them, native_durations, native_requests
from tests.servers.process import free_port
from tests.servers.prometheus import backfilled, written

REQUESTS = {"error-rate", "latency"}
PODS = {"crashes", "cpu", "memory"}


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with backfilled(tmp_path_factory.mktemp("shapes"), all_of_them()) as found:
        yield found


def run(*arguments: str) -> Result:
    return CliRunner().invoke(judge, [*arguments])


def suggest(address: str, selector: str, *more: str) -> Result:
    return run("templates", "suggest", "--prometheus", address, "--selector", selector, *more)


def templates(analysis: ResolvedAnalysis) -> dict[str, str]:
    return {metric.name: metric.template for metric in analysis.metrics}


SHAPES = {
    "Prometheus client, kube-state-metrics and cAdvisor": (
        'app="checkout"',
        {
            "error-rate": "http-error-rate",
            "latency": "http-latency",
            "alerts": "alerts-firing",
            "crashes": "pods-crashing",
            "cpu": "container-cpu",
            "memory": "container-memory",
        },
    ),
    "Spring": (
        'app="ledger"',
        {
            "error-rate": "spring-error-rate",
            "latency": "spring-latency",
            "crashes": "pods-crashing",
            "cpu": "container-cpu",
            "memory": "container-memory",
        },
    ),
    "Istio": (
        'destination_service_name="cart"',
        {"error-rate": "istio-error-rate", "latency": "istio-latency"},
    ),
    "OpenTelemetry": (
        'job="search"',
        {"error-rate": "otel-http-error-rate", "latency": "otel-http-latency"},
    ),
    "a summary, which is no histogram": ('app="tax"', {"error-rate": "http-error-rate"}),
    "processes": ('app="edge"', {"error-rate": "http-error-rate", "cpu": "process-cpu"}),
    "one track": ('app="billing"', {"error-rate": "http-error-rate"}),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_what_is_proposed_is_ready_to_run(shape: str, address: str, tmp_path: Path) -> None:
    selector, expected = SHAPES[shape]
    file = tmp_path / "proposed.yaml"
    done = suggest(address, selector, "-o", str(file))
    assert done.exit_code == 0, done.output
    assert done.output.splitlines()[:2] == [
        f"{file}: {len(expected)} metric{'s' if len(expected) > 1 else ''}. Next:",
        f"  judge check {file} --prometheus {address}",
    ]
    assert templates(load_analysis(file.read_text())) == expected
    checked = run("check", str(file), "--prometheus", address)
    assert checked.exit_code == 0, checked.output
    of_baseline = [
        line
        for line in checked.output.splitlines()
        if line.startswith("    baseline ") and " events, " not in line
    ]
    assert len(of_baseline) == len(expected)
    assert not [line for line in of_baseline if " 0 series" in line]


def test_it_is_written_to_the_output_with_what_to_do_next_beside_it(address: str) -> None:
    done = suggest(address, 'app="checkout"')
    assert done.exit_code == 0, done.output
    assert load_analysis(done.stdout).name == "checkout"
    assert done.stderr.splitlines() == [
        "Save it as checkout.yaml. Next:",
        f"  judge check checkout.yaml --prometheus {address}",
        "  judge verdict checkout.yaml --lookback 30m",
        "  judge watch checkout.yaml",
    ]


def test_tracks_pods_and_labels_are_filled_in_as_found(address: str) -> None:
    done = suggest(address, 'app="checkout"')
    analysis = load_analysis(done.stdout)
    assert analysis.namespace == "shop"
    assert analysis.tracks["baseline"].selector == 'app="checkout",track="stable"'
    assert analysis.tracks["canary"].selector == 'app="checkout",track="canary"'
    by_name = {metric.name: metric for metric in analysis.metrics}
    assert 'status=~"5.."' in by_name["error-rate"].queries["canary"]["events"].expr
    assert 'pod=~"checkout-primary-[^-]+-[^-]+"' in by_name["cpu"].queries["baseline"]["value"].expr
    assert (by_name["cpu"].critical, by_name["error-rate"].critical) == (False, True)
    assert analysis.warmup == 120


def test_it_says_what_was_found_and_what_was_left_out(address: str) -> None:
    told = " ".join(suggest(address, 'app="checkout"').stdout.replace("#", " ").split())
    assert "the label track has the values canary, stable" in told
    assert "Found: 4 series of 2 pods in the baseline, 2 series of 1 pod in the canary" in told
    assert "40.4 and 20.2 requests a second; 0.99 and 0.99 % of the requests bad" in told
    assert "0.25 and 0.25 cores a pod now" in told
    assert "process-cpu: tells the same as container-cpu, which is judged." in told
    assert "http-request-rate: it follows how requests are shared out" in told
    assert "It is one number for each track, whatever its pods; 0 and 0 alerts now." in told
    assert "not the service's own" not in told
    assert "- {name: container-memory-leak, template: container-memory-leak}" in told


def test_the_limit_of_a_latency_is_one_that_its_buckets_test(address: str) -> None:
    done = suggest(address, 'destination_service_name="cart"')
    latency = load_analysis(done.stdout).metrics[1]
    assert latency.limit in (2.0, 2.25, 2.5)
    assert f"A slowdown by {latency.limit:g} is what its 13 buckets can test" in done.stdout


@pytest.mark.parametrize(("schema", "limits"), [(3, {1.25}), (0, {1.75, 2.0})])
def test_a_native_histogram_is_known_by_its_buckets(
    schema: int, limits: set[float], tmp_path: Path
) -> None:
    file = tmp_path / "wallet.yaml"
    durations = native_durations(schema=schema)
    with written(tmp_path, counters=native_requests(), natives=durations) as server:
        done = suggest(server, 'app="wallet"', "-o", str(file))
        checked = run("check", str(file), "--prometheus", server)
    assert done.exit_code == 0, done.output
    assert checked.exit_code == 0, checked.output
    _, latency = load_analysis(file.read_text()).metrics
    assert latency.queries["canary"]["buckets"].expr == (
        'http_request_duration_seconds{ app="wallet",track="canary" }'
    )
    assert latency.limit in limits
    told = f"A slowdown by {latency.limit:g} is what the buckets of its native histogram can test"
    assert told in file.read_text()
    assert "cannot be tested" not in checked.output


def test_what_nothing_tells_is_named(address: str) -> None:
    told = " ".join(suggest(address, 'destination_service_name="cart"').stdout.split())
    assert "crashes, alerts, cpu, memory: the service exports nothing that a shipped" in told


def test_a_proposal_takes_few_queries(address: str) -> None:
    before = queries(address)
    assert suggest(address, 'app="ledger"').exit_code == 0
    assert 0 < queries(address) - before <= 20


def queries(address: str) -> float:
    """How many instant queries the server has answered."""
    with urllib.request.urlopen(f"{address}/metrics", timeout=5) as answer:
        lines = answer.read().decode().splitlines()
    counted = r'prometheus_http_requests_total\{.*handler="/api/v1/query".*\} (.+)'
    return sum(float(found[1]) for line in lines if (found := re.fullmatch(counted, line)))


def test_callers_are_not_taken_for_pods_of_the_service(address: str) -> None:
    told = " ".join(suggest(address, 'destination_service_name="cart"').stdout.split())
    assert "Found: 2 pods in # the baseline and 1 pod in the canary." in told
    assert "101 and 50.5 requests a second" in told


def test_revisions_are_inputs_for_the_next_release(address: str, tmp_path: Path) -> None:
    file = tmp_path / "ledger.yaml"
    done = suggest(address, 'app="ledger"', "-o", str(file))
    assert done.exit_code == 0
    canary = load_analysis(file.read_text(), variables={"canaryRevision": "99"}).tracks["canary"]
    assert canary.selector == 'app="ledger",rollouts_pod_template_hash="99"'
    crashes = load_analysis(file.read_text(), variables={"canaryRevision": "99"}).metrics[2]
    assert 'exported_pod=~"ledger-99-[^-]+"' in crashes.queries["canary"]["total"].expr
    assert crashes.pod_label == "exported_pod"


def test_outside_of_kubernetes_instances_are_the_pods(address: str) -> None:
    analysis = load_analysis(suggest(address, 'job="search"').stdout)
    assert analysis.prometheus.pod_label == "instance"
    assert analysis.tracks["canary"].selector == 'job="search",service_version="1.10"'


def test_where_one_track_runs_it_says_what_to_look_at(address: str) -> None:
    done = suggest(address, 'app="billing"')
    assert load_analysis(done.stdout).tracks["canary"].selector == 'app="billing",version!="v1"'
    told = " ".join(done.stdout.replace("#", " ").split())
    assert "all pods have version v1; whatever has another one is the canary" in told
    assert "Look at the selectors: they are the most plausible guess." in told
    assert "2 pods in the baseline and 0 pods in the canary" in told
    assert "variables: {metric: billing_requests_total, statusLabel: status_class}" in told


def test_tracks_that_are_given_are_taken(address: str) -> None:
    canary = 'pod=~".*-canary-.*",'
    tracks = ("--baseline", 'pod=~".*-primary-.*"', "--canary", canary)
    analysis = load_analysis(suggest(address, 'app="checkout"', *tracks).stdout)
    assert analysis.tracks["canary"].selector == 'app="checkout",pod=~".*-canary-.*"'
    assert "alerts" not in templates(analysis)  # its alert names no pod


def test_a_server_of_the_settings_is_written_by_its_name(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JUDGE_PROMETHEUS", f'{{"near": {{"address": "{address}"}}}}')
    done = suggest("near", 'app="edge"')
    assert "  prometheus: near\n" in done.stdout
    near = load_prometheus({"address": address})
    errors, cpu = load_analysis(done.stdout, prometheus={"near": near}).metrics
    assert (errors.template, errors.pod_label) == ("http-error-rate", "instance")
    assert (cpu.template, cpu.pod_label) == ("process-cpu", "instance")
    missing = run("templates", "suggest", "--selector", 'app="x"')
    assert str(missing.exception) == (
        "--prometheus: is needed: an address such as http://localhost:9090, or one of the "
        "settings' servers (near)"
    )


REFUSED = {
    "nothing matches": (
        ["--selector", 'app="chekout",namespace="shop"'],
        'match app="chekout",namespace="shop" now (nothing has that app at all); write the',
    ),
    "each alone does": (
        ["--selector", 'app="checkout",namespace="bank"'],
        "(each matcher alone finds some)",
    ),
    "no matchers": (["--selector", "checkout"], "--selector: expected =, !=, =~ or !~ behind"),
    "everything": (["--selector", 'app!="x"'], "--selector: selects every series there is; name"),
    "no template reads it": (
        ["--selector", 'app="mailer"'],
        'reads what app="mailer" exports (mailer_letters_total); write a template of your own',
    ),
    "one track given": (
        ["--selector", 'app="checkout"', "--canary", 'track="canary"'],
        "--canary: only the canary is given; give --baseline and --canary, or neither",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_looked_at_is_told_with_the_way_out(case: str, address: str) -> None:
    arguments, expected = REFUSED[case]
    done = run("templates", "suggest", "--prometheus", address, *arguments)
    assert isinstance(done.exception, SpecError)
    assert expected in str(done.exception)


def test_a_server_out_of_reach_and_a_file_that_cannot_be_written(
    address: str, tmp_path: Path
) -> None:
    done = suggest(f"http://127.0.0.1:{free_port()}", 'app="checkout"')
    assert isinstance(done.exception, SourceUnavailable)
    done = suggest(address, 'job="search"', "-o", str(tmp_path / "none" / "x.yaml"))
    assert done.exit_code == 2
    assert "cannot be written" in done.output
