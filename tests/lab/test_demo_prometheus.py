"""The demo's own Prometheus: started, pointed at pods, ended."""

from __future__ import annotations

import random
import time
from pathlib import Path

import pytest
import requests

from judge.errors import SettingsError, SourceUnavailable
from judge.lab.demo.application import Fault, Shape
from judge.lab.demo.load import Rhythm
from judge.lab.demo.prometheus import LocalPrometheus, find_prometheus
from judge.lab.demo.stage import Stage


def program() -> str:
    try:
        return find_prometheus()
    except SettingsError as error:
        pytest.skip(str(error))


def query(address: str, expr: str) -> dict[str, float]:
    answer = requests.get(f"{address}/api/v1/query", params={"query": expr}, timeout=5).json()
    return {one["metric"]["track"]: float(one["value"][1]) for one in answer["data"]["result"]}


def test_stage_scrapes_the_baseline_and_then_the_release(tmp_path: Path) -> None:
    shape = Shape(baseline=2, canary=1, shadow=1, rhythm=Rhythm(mean=200.0))
    with Stage(program(), tmp_path, shape=shape, rng=random.Random(1)) as stage:
        address = stage.address
        stage.release(Fault.ERRORS)
        expr = "count by (track) (http_requests_slow_total)"
        wanted = {"baseline": 2.0, "canary": 1.0, "shadow": 1.0}
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline and query(address, expr) != wanted:
            time.sleep(0.2)
        assert query(address, expr) == wanted
    with pytest.raises(requests.ConnectionError):
        requests.get(f"{address}/-/ready", timeout=1)


def test_a_missing_program_says_how_to_get_one() -> None:
    with pytest.raises(SettingsError, match=r"no-such-prometheus: no such program.*--prometheus"):
        find_prometheus("no-such-prometheus")


def test_a_program_that_ends_at_once_is_told_with_its_last_words(tmp_path: Path) -> None:
    fake = tmp_path / "prometheus"
    fake.write_text("#!/bin/sh\necho no memory for me\nexit 1\n")
    fake.chmod(0o755)
    with pytest.raises(SourceUnavailable, match="no memory for me"):
        LocalPrometheus(str(fake), tmp_path / "data").start()
