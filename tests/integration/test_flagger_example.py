"""The shipped example for Flagger as it is: its Canary, its analysis, a hook's token.

A real Prometheus with Istio's series of two releases, one after the other, a whole Judge, and the
fake Flagger in Flagger's place. Time is played, a minute at a time.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ruamel.yaml import YAML

from judge.api.tokens import hash_token, new_token
from judge.sources.servers import PrometheusServers
from tests.api.running import BEGIN, Server, running
from tests.flagger.canary import Analysis, Canary, Phase, Type, Webhook
from tests.flagger.fake_flagger import FakeFlagger, Tick
from tests.flagger.stage import answers, reasons, settle
from tests.servers.exposition import Series
from tests.servers.prometheus import backfilled

pytestmark = pytest.mark.xdist_group("prometheus")

EXAMPLE = Path(__file__).parents[2] / "deploy/examples/flagger"
HOOK = new_token()
SCRAPE, MINUTE = 15, 60
HISTORY = 9 * 3600
GOOD_AT, BAD_AT, END = BEGIN, BEGIN + 60 * MINUTE, BEGIN + 80 * MINUTE
BOUNDS = ("50", "100", "250", "500", "1000", "+Inf")
SHARES = (0.5, 0.3, 0.15, 0.045, 0.004, 0.001)


def pod(target: str, name: str, errors: float, begin: float, end: float) -> list[Series]:
    """Requests and latencies of one pod: 10 a second."""
    rng = np.random.default_rng([ord(one) for one in name])
    times = np.arange(begin, end, SCRAPE)
    failed = rng.binomial(10 * SCRAPE, errors, len(times))
    labels = {
        "reporter": "destination",
        "destination_workload_namespace": "shop",
        "destination_workload": target,
        "pod": name,
    }
    counted = {"200": 10 * SCRAPE - failed, "503": failed}
    within = np.cumsum(rng.multinomial([10 * SCRAPE] * len(times), SHARES), axis=1)
    requests, latency = "istio_requests_total", "istio_request_duration_milliseconds_bucket"
    told = [(requests, {"response_code": code}, grown) for code, grown in counted.items()]
    told += [(latency, {"le": bound}, within[:, i]) for i, bound in enumerate(BOUNDS)]
    return [series(of, {**labels, **more}, times, grown) for of, more, grown in told]


def series(name: str, labels: dict[str, str], times: Any, grown: Any) -> Series:
    return Series(name, labels, list(zip(times.tolist(), np.cumsum(grown).tolist(), strict=True)))


@pytest.fixture(scope="module")
def judge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("flagger")
    told = [
        *(pod("checkout-primary", f"primary-{i}", 0.002, BEGIN - HISTORY, END) for i in "abc"),
        pod("checkout", "good", 0.002, GOOD_AT - MINUTE, BAD_AT - MINUTE),
        pod("checkout", "bad", 0.03, BAD_AT - MINUTE, END),
    ]
    (folder / "analyses").mkdir()
    tokens = [{"name": "flagger", "role": "hook", "namespaces": ["shop"], "hash": hash_token(HOOK)}]
    (folder / "tokens.yaml").write_text(json.dumps({"tokens": tokens}))
    with (
        backfilled(folder, [one for pods in told for one in pods]) as prometheus,
        closing(PrometheusServers()) as sources,
    ):
        written = (EXAMPLE / "checkout.yaml").read_text()
        here = written.replace("http://prometheus.istio-system:9090", prometheus)
        assert here != written
        (folder / "analyses/checkout.yaml").write_text(here)
        settings: dict[str, Any] = {
            "analyses": folder / "analyses",
            "token_file": folder / "tokens.yaml",
        }
        with running(folder, sources=sources, **settings) as server:
            yield server


def canary_of(judge: Server) -> Canary:
    """The example's Canary, its webhooks led to this Judge."""
    document = YAML(typ="safe").load((EXAMPLE / "canary.yaml").read_text())
    said = document["spec"]["analysis"]
    hooks = [
        Webhook(Type(one["type"]), one["url"].replace("TOKEN", HOOK), one["name"])
        for one in said["webhooks"]
    ]
    led = [
        Webhook(one.type, one.url.replace("http://judge.judge.svc:8080", judge.url), one.name)
        for one in hooks
    ]
    analysis = Analysis(said["stepWeight"], (), said["maxWeight"], webhooks=led)
    return Canary(analysis, name="checkout", namespace="shop")


def played(flagger: FakeFlagger, judge: Server, revision: str, *, at: float) -> list[Tick]:
    """The ticks from the release of ``revision`` until it is promoted or rolled back."""
    judge.clock.now = at
    flagger.canary.revision = revision
    ticks = [flagger.tick()]
    while flagger.canary.status.phase not in (Phase.SUCCEEDED, Phase.FAILED):
        judge.clock.now += MINUTE
        settle(judge)
        ticks.append(flagger.tick())
    return ticks


def test_the_example_promotes_a_good_release_and_rolls_a_bad_one_back(judge: Server) -> None:
    flagger = FakeFlagger(canary_of(judge), clock=judge.clock)
    flagger.tick()
    good = played(flagger, judge, "good", at=GOOD_AT)
    first = flagger.canary.status.phase
    bad = played(flagger, judge, "bad", at=BAD_AT)
    second = flagger.canary.status.phase
    assert (first, second) == (Phase.SUCCEEDED, Phase.FAILED)
    assert answers(good, Type.CONFIRM_PROMOTION)[-1] == 200
    assert answers(bad, Type.ROLLBACK)[-1] == 200
    assert flagger.canary.status.failed_checks == 0
    passed, failed = judge.runs.find(limit=2)[::-1]
    assert (passed.next_index, passed.analysis.namespace) == (30, "shop")
    assert failed.next_index < 10
    assert "request success rate" in reasons(bad, Type.ROLLBACK)[-1]
