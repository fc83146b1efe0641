"""A service whose time runs fast: its counters, its pods, and reading them back."""

import asyncio
import gzip
import re

import numpy as np
import pytest
import requests

from judge.lab.compressed.law import BOUNDS, LAWS, ServiceLaw, Spells
from judge.lab.compressed.process import Process, Struck, Wander
from judge.lab.compressed.record import analysis, record
from judge.lab.compressed.service import Service
from judge.sources.recording import read_bundle
from judge.spec.resolved import BASELINE
from tests.servers.process import need


def counted(text: str, name: str) -> float:
    found = re.search(rf"^{re.escape(name)} (\S+)$", text, re.MULTILINE)
    return float(found.group(1)) if found else 0.0


def test_a_process_counts_what_its_law_states() -> None:
    law = ServiceLaw("s", own_sd=0.0, lasting_sd=0.0, errors=0.05, latency=True)
    process = Process(law, np.random.default_rng(1), now=0.0)
    for minute in range(1, 301):
        process.run(float(minute), rate=10.0, shared=2.0)
    text = process.text()
    answered, failed = (
        counted(text, f'http_requests_total{{code="{code}"}}') for code in ("200", "500")
    )
    assert answered + failed == pytest.approx(300 * 600, rel=0.02)
    assert failed / (answered + failed) == pytest.approx(0.1, rel=0.05)
    assert counted(text, "http_request_duration_seconds_count") == answered + failed
    below = counted(text, f'http_request_duration_seconds_bucket{{le="{BOUNDS[2]}"}}')
    assert below / (answered + failed) == pytest.approx(0.324, abs=0.01)


def test_a_process_that_restarts_begins_at_zero_and_shows_errors_once_it_has_one() -> None:
    process = Process(ServiceLaw("s", errors=1.0), np.random.default_rng(2), now=0.0)
    assert "500" not in process.text()
    process.run(1.0, rate=10.0, shared=1.0)
    assert counted(process.text(), 'http_requests_total{code="500"}') > 0
    assert counted(process.text(), "process_cpu_seconds_total") > 0
    process.restart()
    assert "500" not in process.text()
    assert counted(process.text(), "process_cpu_seconds_total") == 0


def test_what_moves_a_rate_is_stationary_with_mean_one() -> None:
    rng = np.random.default_rng(3)
    wanders = [Wander(0.5, 2.0, rng) for _ in range(4000)]
    for one in wanders:
        one.step(1.0)
    factors = np.array([one.factor for one in wanders])
    assert factors.mean() == pytest.approx(1.0, abs=0.03)
    assert np.log(factors).std() == pytest.approx(0.5, rel=0.05)
    spells = [Struck(Spells(30.0, 10.0), rng) for _ in range(4000)]
    for _ in range(20):
        for one in spells:
            one.step(0.25)
    assert np.mean([one.on for one in spells]) == pytest.approx(0.25, abs=0.025)


def test_pods_come_and_go_and_scrapes_fail() -> None:
    asyncio.run(_lives())


async def _lives() -> None:
    now = [0.0]
    law = ServiceLaw("s", pods=(2, 4), rhythm=0.5, lifetime=20.0, missed=0.3)
    service = Service(law, clock=lambda: now[0], rng=np.random.default_rng(4))
    names: set[str] = set()
    sizes: set[int] = set()
    answers: list[int] = []
    try:
        for _ in range(60):
            now[0] += 20.0
            await service.beat()
            targets = service.targets()
            sizes.add(len(targets))
            names |= {one.labels["pod"] for one in targets}
            got = await asyncio.to_thread(
                requests.get, f"http://{targets[0].address}/metrics", timeout=5
            )
            answers.append(got.status_code)
    finally:
        await service.stop()
    assert sizes == {2, 3, 4}
    assert len(names) > 30
    assert set(answers) == {200, 404}
    assert not service.targets()


def test_what_is_recorded_can_be_read_and_judged(tmp_path) -> None:
    need("prometheus")
    law = ServiceLaw("tiny", pods=(2, 2), requests=20.0)
    (path,) = record([law], tmp_path, 0.25)
    bundle = read_bundle(path)
    assert [one.start for one in bundle.intervals[:2]] == [0.0, 60.0]
    told = bundle.intervals[-1].samples["error-rate"][BASELINE]
    assert set(told) == {"tiny-001", "tiny-002"}
    assert sum(one.total for one in told.values()) == pytest.approx(1200, rel=0.5)
    assert "127.0.0.1" not in gzip.decompress(path.read_bytes()).decode()


@pytest.mark.parametrize("law", LAWS, ids=lambda one: one.name)
def test_every_law_has_an_analysis_of_what_its_pods_show(law: ServiceLaw) -> None:
    asked = analysis(law, "http://localhost:9090")
    text = Process(law, np.random.default_rng(5), now=0.0).text()
    for metric in asked.metrics:
        for query in metric.queries[BASELINE].values():
            assert re.split(r"[{ ]", query.expr)[0] in text
