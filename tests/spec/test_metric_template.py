"""Templates: what their files may hold, and that the shipped ones read real series rightly."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
import requests

from judge.errors import SpecError
from judge.spec.metric_template import (
    MetricTemplate,
    TemplateVariable,
    load_template,
    shipped_templates,
    template_from_text,
)
from judge.spec.queries import render_alone
from judge.spec.resolved import Direction, Kind, Query, Reading
from judge.spec.rules import Rules
from tests.servers.exposition import Series
from tests.servers.prometheus import backfilled

ROOT = Path(__file__).parents[2]
NOW = 1_699_999_200.0

MINE = """\
apiVersion: judge/v1
kind: MetricTemplate
metadata: {name: mine, description: What it is}
spec:
  kind: proportion
  unit: share of orders
  direction: decrease
  limit: {ratio: 0.9}
  max: 99.5%
  for: 2m
  podLabel: host
  variables:
    - {name: shop, description: which shop}
    - {name: code, default: 200}
  queries:
    events: 'orders{ {{ selector }}, shop="{{ shop }}", code="${code}" }'
    total: {expr: 'sum by ({{ podLabel }}) (visits{ {{ selector }} })', reading: gauge}
"""


def test_every_field_of_a_template_arrives() -> None:
    assert template_from_text(MINE, source="mine.yaml") == MetricTemplate(
        name="mine",
        kind=Kind.PROPORTION,
        rules=Rules(
            direction=Direction.DECREASE,
            limit=0.9,
            max="99.5%",
            lasting=120.0,
            unit="share of orders",
        ),
        queries={
            "events": Query('orders{ {{ selector }}, shop="{{ shop }}", code="${code}" }'),
            "total": Query("sum by ({{ podLabel }}) (visits{ {{ selector }} })", Reading.GAUGE),
        },
        description="What it is",
        pod_label="host",
        variables=(
            TemplateVariable("shop", "which shop"),
            TemplateVariable("code", default="200"),
        ),
        text=MINE,
    )


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("kind: proportion", "kind: gouge", "5:9: spec.kind: must be 'proportion', 'histogram', "),
        ("kind: proportion", "kind: gauge", "9:8: spec.max: 99.5% bounds a proportion; write a nu"),
        ("kind: proportion", "kind: gauge", "16:13: spec.queries.events: is no part of a gauge"),
        ("kind: proportion", "kind: gauge", "16:5: spec.queries.value: is missing; add it (a gau"),
        ("max: 99.5%", "quantile: 0.5", "9:13: spec.quantile: is for kind: histogram, and this"),
        ("max: 99.5%", "floor: 1", "10:8: spec.for: goes with a fixed bound; write max or min"),
        ("max: 99.5%", "worst: {ratio: 0.95}", "9:18: spec.worst.ratio: 0.95 is not beyond the li"),
        ("ratio: 0.9", "ratio: 1.1", "8:18: spec.limit.ratio: 1.1 is above 1, but a decrease"),
        ("name: code", "name: selector", "14:14: spec.variables[1].name: selector is set by"),
        ("name: code", "name: shop", "14:14: spec.variables[1].name: shop is declared twice"),
        ("name: code", "name: kode", "14:14: spec.variables[1].name: no query uses kode; remove"),
        ("{{ shop }}", "{{ ship }}", "16:44: spec.queries.events: the variable ship is not dec"),
        ("{{ shop }}", "{{ shop | x }}", "16:44: spec.queries.events: {{ opens no variable"),
        ("events: 'orders{", "events: 'orders({", "16:20: spec.queries.events: this ( is never"),
        ("events: 'orders", "events: '2 * orders", "16:13: spec.queries.events: a counter is"),
        ("reading: gauge", "reading: counter", "17:19: spec.queries.total.expr: a counter is"),
        ("  unit:", "  units:", "6:3: spec.units: is not a field here"),
        ("mine, ", "mine/1, ", "3:18: metadata.name: must be made of letters"),
        ("kind: MetricTemplate", "kind: Analysis", "2:7: kind: must be 'MetricTemplate'"),
    ],
)
def test_what_is_wrong_with_a_template_is_told_with_its_place(
    before: str, after: str, told: str
) -> None:
    with pytest.raises(SpecError) as wrong:
        template_from_text(MINE.replace(before, after, 1), source="mine.yaml")
    lines = str(wrong.value).splitlines()
    assert any(line.startswith(f"mine.yaml:{told}") for line in lines), lines


def test_a_template_is_named_or_lies_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(MINE)
    assert load_template("mine.yaml", folder=tmp_path).name == "mine"
    assert load_template(f"{tmp_path}/mine.yaml").name == "mine"
    assert load_template("pods-crashing") is shipped_templates()["pods-crashing"]
    with pytest.raises(SpecError, match=r"there is no template mine; known: "):
        load_template("mine", folder=tmp_path)
    with pytest.raises(SpecError, match=r"^other\.yaml: cannot be read"):
        load_template("other.yaml", folder=tmp_path)


def test_the_shipped_ones_are_described_and_called_as_their_files() -> None:
    folder = ROOT / "metric_templates"
    shipped = shipped_templates()
    assert set(shipped) == {path.stem for path in folder.glob("*.yaml")}
    assert {"http-error-rate", "pods-crashing"} <= set(shipped)
    for name, template in shipped.items():
        assert template.name == name
        assert template.description
        assert template.rules.unit
        assert all(variable.description for variable in template.variables)


def flat(name: str, value: float = 1, **labels: str) -> Series:
    """A series that has been at ``value`` for ten minutes."""
    return Series(name, labels, [(NOW - 600 + 15 * i, float(value)) for i in range(41)])


def pod(name: str, phase: str, ready: bool | None, **labels: str) -> list[Series]:
    """What kube-state-metrics says of a pod; without conditions it says nothing of readiness."""
    where = {"namespace": "shop", "pod": name, "uid": f"u-{name}", **labels}
    phases = ("Pending", "Running", "Succeeded", "Failed", "Unknown")
    found = [flat("kube_pod_status_phase", one == phase, **where, phase=one) for one in phases]
    found.append(flat("kube_pod_container_status_restarts_total", 3, **where, container="app"))
    if ready is None:
        return found
    conditions = {"true": ready, "false": not ready, "unknown": False}
    return found + [
        flat("kube_pod_status_ready", holds, **where, condition=name)
        for name, holds in conditions.items()
    ]


def restarted(name: str, *, ago: float) -> list[Series]:
    """A ready pod with a second container that restarted ``ago`` seconds before now."""
    where = {"namespace": "shop", "pod": name, "uid": f"u-{name}", "container": "side"}
    times = [NOW - 600 + 15 * i for i in range(41)]
    counter = [(at, 1.0 if at <= NOW - ago else 2.0) for at in times]
    restarts = Series("kube_pod_container_status_restarts_total", where, counter)
    return [*pod(name, "Running", True), restarts]


def cluster() -> list[Series]:
    """A canary's pods in every state, and others that are not to be counted."""
    deleted = {"namespace": "shop", "pod": "canary-deleted", "uid": "u-canary-deleted"}
    return [
        *pod("canary-ready", "Running", True),
        *pod("canary-ready", "Running", False, namespace="elsewhere"),
        *pod("canary-unready", "Running", False, prometheus_replica="a"),
        *pod("canary-unready", "Running", False, prometheus_replica="b"),
        *pod("canary-unscheduled", "Pending", None),
        *restarted("canary-restarted", ago=20),
        *restarted("canary-restarted-earlier", ago=200),
        *pod("canary-finished", "Succeeded", False),
        *pod("canary-evicted", "Failed", False),
        *pod("canary-deleted", "Running", False),
        flat("kube_pod_deletion_timestamp", NOW, **deleted),
        *pod("stable-unready", "Running", False),
    ]


def requests_served() -> list[Series]:
    """Requests as the application, Istio, ingress-nginx and gRPC count them."""
    codes = {"200": 100, "404": 10, "500": 3, "503": 2}
    calls = {"OK": 100, "NotFound": 10, "Internal": 3, "ResourceExhausted": 7, "UNAVAILABLE": 2}
    return [
        *(flat("http_requests_total", n, app="a", pod="p", code=c) for c, n in codes.items()),
        *(
            flat(
                "istio_requests_total",
                n,
                destination_workload="a",
                reporter=reporter,
                response_code=code,
                pod=pod,
            )
            for code, n in {**codes, "0": 5}.items()
            for reporter, pod in (("destination", "p"), ("source", "caller"))
        ),
        *(
            flat(
                "nginx_ingress_controller_requests",
                n,
                ingress="a",
                canary=canary,
                status=code,
                controller_pod="nginx-0",
            )
            for code, n in codes.items()
            for canary in ("", "shop-a-canary-80")
        ),
        *(
            flat("grpc_server_handled_total", n, app="a", pod="p", grpc_code=c)
            for c, n in calls.items()
        ),
    ]


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with backfilled(tmp_path_factory.mktemp("p"), [*cluster(), *requests_served()]) as address:
        yield address


def by_pod(address: str, query: Query, label: str) -> dict[str, float]:
    """What a query yields, summed by pod as it is when it is judged."""
    asked = {"query": f"sum by ({label}) ({query.expr})", "time": str(NOW)}
    answer = requests.get(f"{address}/api/v1/query", params=asked, timeout=10).json()
    assert answer["status"] == "success", answer
    result = answer["data"]["result"]
    return {one["metric"][label]: float(one["value"][1]) for one in result}


@pytest.mark.parametrize(
    ("name", "selector", "variables", "events", "total"),
    [
        ("http-error-rate", 'app="a"', {}, {"p": 5}, {"p": 115}),
        ("http-error-rate", 'app="a"', {"errors": "4..|5.."}, {"p": 15}, {"p": 115}),
        ("istio-error-rate", 'destination_workload="a"', {}, {"p": 5}, {"p": 120}),
        (
            "istio-error-rate",
            'destination_workload="a"',
            {"reporter": "source"},
            {"caller": 5},
            {"caller": 120},
        ),
        (
            "ingress-nginx-error-rate",
            'ingress="a",canary!=""',
            {},
            {"nginx-0": 5},
            {"nginx-0": 115},
        ),
        ("ingress-nginx-error-rate", 'ingress="a"', {}, {"nginx-0": 10}, {"nginx-0": 230}),
        ("grpc-error-rate", 'app="a"', {}, {"p": 5}, {"p": 122}),
    ],
)
def test_requests_and_errors_are_what_was_counted(
    prometheus: str,
    name: str,
    selector: str,
    variables: Mapping[str, str],
    events: Mapping[str, float],
    total: Mapping[str, float],
) -> None:
    template = load_template(name)
    queries = render_alone(template, variables, selector=selector)
    label = template.pod_label or "pod"
    assert by_pod(prometheus, queries["events"], label) == events
    assert by_pod(prometheus, queries["total"], label) == total


def test_pods_that_cannot_work_are_told_from_those_that_can(prometheus: str) -> None:
    variables = {"namespace": "shop", "pods": "canary-.*"}
    queries = render_alone(load_template("pods-crashing"), variables)
    assert by_pod(prometheus, queries["events"], "pod") == {
        "canary-ready": 0,
        "canary-unready": 1,
        "canary-unscheduled": 1,
        "canary-restarted": 1,
        "canary-restarted-earlier": 0,
    }
    assert by_pod(prometheus, queries["total"], "pod") == {
        "canary-ready": 1,
        "canary-unready": 1,
        "canary-unscheduled": 1,
        "canary-restarted": 1,
        "canary-restarted-earlier": 1,
    }


def test_the_restart_of_another_look_counts_in_that_look(prometheus: str) -> None:
    variables = {"namespace": "shop", "pods": "canary-restarted.*", "interval": "5m"}
    queries = render_alone(load_template("pods-crashing"), variables)
    assert by_pod(prometheus, queries["events"], "pod") == {
        "canary-restarted": 1,
        "canary-restarted-earlier": 1,
    }


def test_they_are_found_in_an_installed_wheel(tmp_path: Path) -> None:
    build = ["-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run([sys.executable, *build], cwd=ROOT, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    installed = tmp_path / "installed"
    zipfile.ZipFile(wheel).extractall(installed)
    listing = subprocess.run(
        [sys.executable, "-m", "judge", "templates", "list"],
        cwd=tmp_path,
        env={"PYTHONPATH": str(installed), "PATH": ""},
        check=True,
        capture_output=True,
        text=True,
    )
    assert [line.partition("\t")[0] for line in listing.stdout.splitlines()] == sorted(
        shipped_templates()
    )
    assert (installed / "judge" / "metric_templates" / "pods-crashing.yaml").is_file()
