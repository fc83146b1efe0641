"""The demo application: what it counts, how it misbehaves, and that it ends."""

from __future__ import annotations

import random
import re
import threading
import time
from collections.abc import Callable, Iterator
from statistics import fmean, pstdev

import pytest
import requests

from judge.lab.demo.application import Application, Fault, Shape, Target
from judge.lab.demo.load import Rhythm
from judge.lab.demo.noise import Wobble

SMALL = Shape(baseline=2, canary=1, shadow=1, rhythm=Rhythm(mean=300.0))


@pytest.fixture
def application() -> Iterator[Application]:
    application = Application(SMALL, rng=random.Random(1))
    application.start()
    yield application
    application.stop()


def counters(target: Target) -> dict[str, float]:
    text = requests.get(f"http://{target.address}/metrics", timeout=5).text
    found = re.findall(r"^(http_\w+(?:\{[^}]*\})?) (\d+)$", text, re.MULTILINE)
    return {name: float(value) for name, value in found}


def answered(target: Target) -> float:
    return sum(n for name, n in counters(target).items() if name.startswith("http_requests_total"))


def eventually(condition: Callable[[], bool], *, seconds: float = 10.0) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.02)
    return False


def by_track(application: Application) -> dict[str, Target]:
    return {target.labels["track"]: target for target in application.targets()}


def test_baseline_alone_is_up_before_the_release(application: Application) -> None:
    assert [target.labels["track"] for target in application.targets()] == ["baseline"] * 2
    assert all(target.labels["app"] == "checkout" for target in application.targets())
    assert len({target.labels["pod"] for target in application.targets()}) == 2


def test_load_reaches_every_pod(application: Application) -> None:
    application.release(Fault.NONE)
    assert [target.labels["track"] for target in application.targets()] == [
        "baseline",
        "baseline",
        "canary",
        "shadow",
    ]
    assert eventually(lambda: all(answered(target) > 20 for target in application.targets()))


def test_outage_fails_every_request_of_the_canary_and_leaves_the_baseline(
    application: Application,
) -> None:
    application.release(Fault.OUTAGE)
    target = by_track(application)["canary"]
    assert eventually(lambda: answered(target) > 50)
    assert counters(target)['http_requests_total{code="200"}'] == 0
    baseline = counters(by_track(application)["baseline"])
    assert baseline['http_requests_total{code="500"}'] < 0.2 * answered(
        by_track(application)["baseline"]
    )


def test_a_pod_counts_what_it_answered_and_not_its_scrapes(application: Application) -> None:
    target = application.targets()[0]
    session = requests.Session()
    with session:
        codes = [session.get(f"http://{target.address}/", timeout=5).status_code for _ in range(20)]
        assert set(codes) <= {200, 500}
        assert session.get(f"http://{target.address}/other", timeout=5).status_code == 404
    assert answered(target) >= 20
    assert not any("404" in name for name in counters(target))


def test_stop_ends_the_thread_and_the_ports() -> None:
    before = threading.active_count()
    application = Application(SMALL, rng=random.Random(2))
    application.start()
    target = application.targets()[0]
    assert eventually(lambda: answered(target) > 20)
    application.stop()
    assert threading.active_count() == before
    with pytest.raises(requests.ConnectionError):
        requests.get(f"http://{target.address}/metrics", timeout=1)


def test_wobble_keeps_its_mean_and_spread() -> None:
    wobble = Wobble(sd=0.3, memory=20.0, rng=random.Random(3))
    factors, values = [], []
    for _ in range(40_000):
        wobble.step(5.0)
        factors.append(wobble.factor)
        values.append(wobble.value)
    assert fmean(factors) == pytest.approx(1.0, abs=0.02)
    assert pstdev(values) == pytest.approx(0.3, rel=0.05)


def test_wobble_remembers() -> None:
    wobble = Wobble(sd=0.3, memory=1e9, rng=random.Random(4))
    before = wobble.value
    wobble.step(60.0)
    assert wobble.value == pytest.approx(before, abs=1e-3)


def test_rhythm_swings_around_its_mean() -> None:
    rhythm = Rhythm(mean=100.0, swing=0.2, period=400.0)
    assert rhythm.at(0.0) == pytest.approx(100.0)
    assert rhythm.at(100.0) == pytest.approx(120.0)
    assert rhythm.at(300.0) == pytest.approx(80.0)
