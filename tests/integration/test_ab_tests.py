"""The A/B test of the docs, as it stands there, on a fortnight in a real Prometheus."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from judge.cli.main import judge
from tests.servers.exposition import Series
from tests.servers.prometheus import backfilled

pytestmark = pytest.mark.xdist_group("ab_tests")

DOCS = Path(__file__).parents[2] / "docs" / "ab-tests.md"
END = 1_699_999_200
STEP = 600
SCRAPES = 14 * 24 * 3600 // STEP + 2
RATES = (0.02, 0.03, 0.045)  # the pods' own


def shop(app: str, ratio: float, rng: np.random.Generator) -> list[Series]:
    """Three pods that serve both variants, 5,000 visits an hour; b's conversion is ``ratio``."""
    times = [float(END - STEP * back) for back in reversed(range(SCRAPES))]
    day = 1.0 + 0.6 * np.sin(2 * np.pi * np.array(times) / 86_400)
    found = []
    for pod, rate in enumerate(RATES):
        for variant, risk in (("a", rate), ("b", rate * ratio)):
            visits = rng.poisson(5000 * STEP / 3600 / 6 * day)
            orders = rng.binomial(visits, risk)
            labels = {"app": app, "variant": variant, "pod": f"{app}-{pod}"}
            for name, counts in (("visits_total", visits), ("orders_total", orders)):
                samples = [(at, float(one)) for at, one in zip(times, counts.cumsum(), strict=True)]
                found.append(Series(name, labels, samples))
    return found


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    rng = np.random.default_rng(1)
    shops = [("shop", 1.1), ("worse", 1 / 1.1), ("same", 1.0)]
    series = [one for app, ratio in shops for one in shop(app, ratio, rng)]
    with backfilled(tmp_path_factory.mktemp("ab"), series, blocks="384h") as found:
        yield found


def call(folder: Path, address: str, *options: str, app: str = "shop", command: str = "verdict"):
    (example,) = re.findall(r"```yaml\n(.*?)```", DOCS.read_text(), re.DOTALL)
    file = folder / "ab.yaml"
    file.write_text(example.replace('app="shop"', f'app="{app}"'))
    words = [command, str(file), "--prometheus", address, *options]
    return CliRunner().invoke(judge, words)


@pytest.mark.parametrize(
    ("app", "exit_code", "verdict", "difference", "true"),
    [
        ("shop", 0, "pass", "better", 1.1),
        ("worse", 1, "fail", "worse", 1 / 1.1),
        ("same", 0, "pass", "none", 1.0),
    ],
)
def test_the_docs_example_gives_its_answer(
    address: str, tmp_path: Path, app: str, exit_code: int, verdict: str, difference: str,
    true: float,
) -> None:  # fmt: skip
    done = call(tmp_path, address, "--at", str(END), "--output", "json", app=app)
    said = json.loads(done.stdout)
    one = said["metrics"]["conversion"]
    assert (done.exit_code, said["verdict"], one["difference"]) == (exit_code, verdict, difference)
    assert one["low"] < true < one["high"]
    assert (said["decidedAt"] == 14 * 24 - 1) is (verdict == "pass")  # only a failure ends a window


def test_every_output_has_the_answer(address: str, tmp_path: Path) -> None:
    at = ("--at", str(END))
    text = call(tmp_path, address, *at, "--output", "text")
    assert "PROMOTE" in text.stdout
    assert "pass (better)" in text.stdout
    assert "pass (better)" in call(tmp_path, address, *at, "--output", "markdown").stdout
    junit = call(tmp_path, address, *at, "--output", "junit", app="worse").stdout
    assert ": worse" in junit


def test_check_says_what_is_asked(address: str, tmp_path: Path) -> None:
    done = call(tmp_path, address, command="check")
    assert "an A/B test: increase is better; limit 1, margin 1.05" in done.stdout


def test_its_evidence_is_judged_again_to_the_last_bit(address: str, tmp_path: Path) -> None:
    bundle = tmp_path / "bundle.json"
    options = ("--at", str(END), "--output", "json", "--evidence-out", str(bundle))
    said = json.loads(call(tmp_path, address, *options, app="same").stdout)
    done = CliRunner().invoke(judge, ["replay", str(bundle), "--output", "json"])
    again = json.loads(done.stdout)
    assert {name: again[name] for name in said} == said
    (metric,) = json.loads(bundle.read_text())["analysis"]["spec"]["metrics"]
    assert (metric["better"], metric["margin"]) == ("increase", {"ratio": 1.05})
