"""judge backtest, as a user calls it, on the past that a real Prometheus holds."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result

from judge.cli.main import judge
from judge.errors import SettingsError, SourceUnavailable
from tests.servers.exposition import Series
from tests.servers.process import free_port
from tests.servers.prometheus import backfilled

pytestmark = pytest.mark.xdist_group("judge_backtest")

END = 1_699_999_200
MINUTES = 10 * 60
RELEASED = 9 * 60  # the minute at which releases begin
ANALYSIS = """
apiVersion: judge/v1
kind: Analysis
metadata: {name: checkout, namespace: shop}
spec:
  inputs: [app]
  variables: {app: good}
  tracks:
    baseline: {selector: 'app="${app}"'}
    canary: {selector: 'app="${app}-canary"'}
  duration: 10m
  delay: 0s
  history: 3h
  risk: {falseRollback: 5%}
  metrics:
    - {name: errors, template: http-error-rate, limit: {ratio: 1.25}}
"""


def at(minute: float) -> float:
    return END - 60.0 * (MINUTES - minute)


def requests(
    rng: np.random.Generator,
    app: str,
    pod: str,
    minutes: range = range(MINUTES + 1),
    *,
    errors: float = 0.01,
    worse: tuple[int, float] | None = None,
    gap: range = range(0),
) -> list[Series]:
    """A pod's counters from minute to minute, noisy; ``worse`` from a minute on by a factor."""
    rate = errors * rng.gamma(10.0, 0.1, len(minutes))
    if worse is not None:
        rate = np.where(np.array(minutes) >= worse[0], rate * worse[1], rate)
    total = rng.poisson(600, len(minutes))
    failed = rng.binomial(total, np.minimum(rate, 1.0))
    return [
        Series(
            "http_requests_total",
            {"app": app, "pod": pod, "code": code},
            [
                (at(minute), float(value))
                for minute, value in zip(minutes, grown.cumsum(), strict=True)
                if minute not in gap
            ],
        )
        for code, grown in (("200", total - failed), ("500", failed))
    ]


def owned(
    pod: str, replica_set: str, deployment: str, minutes: range, exported: str = ""
) -> list[Series]:
    """What kube-state-metrics says of a pod."""
    every = [at(minute) for minute in minutes]
    name, owner = f"{exported}pod", {"owner_kind": "ReplicaSet", "owner_name": replica_set}
    mine = {f"{exported}replicaset": replica_set}
    above = {"owner_kind": "Deployment", "owner_name": deployment}
    return [
        Series("kube_pod_owner", {name: pod, **owner}, [(one, 1.0) for one in every]),
        Series("kube_pod_created", {name: pod}, [(one, at(minutes.start) - 20) for one in every]),
        Series("kube_replicaset_owner", {**mine, **above}, [(one, 1.0) for one in every])
        if pod.endswith("0")
        else Series("kube_pod_info", {name: pod}, [(every[0], 1.0)]),
    ]


def rolled(
    rng: np.random.Generator, app: str, *, worse: float, beside: int, exported: str = ""
) -> list[Series]:
    """A rolling update: three old pods, three new ones, ``beside`` minutes with both."""
    found = []
    for number in range(3):
        old, new = range(RELEASED + beside), range(RELEASED, MINUTES + 1)
        found += requests(rng, app, f"{app}-a-{number}", old)
        found += owned(f"{app}-a-{number}", f"{app}-a", app, old, exported)
        found += requests(rng, app, f"{app}-b-{number}", new, errors=0.01 * worse)
        found += owned(f"{app}-b-{number}", f"{app}-b", app, new, exported)
    return found


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A Prometheus that holds ten hours of several services."""
    rng = np.random.default_rng(11)
    run = range(RELEASED, RELEASED + 16)
    series = [
        *(one for pod in range(5) for one in requests(rng, "good", f"good-{pod}")),
        *requests(rng, "good-canary", "good-canary-0", run),
        *(
            one
            for pod in range(5)
            for one in requests(
                rng, "turns", f"turns-{pod}", worse=(8 * 60 + 50, 6.0) if pod == 3 else None
            )
        ),
        *(
            one
            for pod in range(5)
            for one in requests(rng, "gap", f"gap-{pod}", gap=range(7 * 60, 8 * 60))
        ),
        *(
            one
            for pod in range(5)
            for one in requests(rng, "young", f"young-{pod}", range(8 * 60, MINUTES + 1))
        ),
        *requests(rng, "lonely", "lonely-0"),
        *rolled(rng, "slow", worse=6.0, beside=20),
        *rolled(rng, "quick", worse=6.0, beside=1),
        *rolled(rng, "renamed", worse=1.0, beside=20, exported="exported_"),
        *(
            one
            for half, minutes in enumerate([range(RELEASED), range(RELEASED, MINUTES + 1)])
            for pod in range(5)
            for one in requests(rng, "deployed", f"deployed-{half}-{pod}", minutes)
        ),
    ]
    with backfilled(tmp_path_factory.mktemp("prometheus"), series) as found:
        yield found


@pytest.fixture
def analysis(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    file = tmp_path / "checkout.yaml"
    file.write_text(ANALYSIS)
    return file


def words(analysis: Path, address: str, app: str, *options: str) -> list[str]:
    since = () if "--since" in options else ("--since", "6h")
    return [
        *("backtest", str(analysis), "--prometheus", address, "--until", str(END)),
        *("--set", f"app={app}", *since, *options),
    ]


def call(analysis: Path, address: str, app: str, *options: str) -> Result:
    return CliRunner().invoke(judge, words(analysis, address, app, *options))


def found(analysis: Path, address: str, app: str, *options: str) -> dict[str, Any]:
    result = call(analysis, address, app, "--output", "json", *options)
    assert result.exit_code == 0, result.output
    told: dict[str, Any] = json.loads(result.stdout)
    return told


def test_a_good_service_is_rarely_rolled_back(analysis: Path, address: str) -> None:
    told = found(analysis, address, "good", "--every", "30m")
    splits = told["splits"]
    assert (splits["windows"], splits["judged"], splits["rollouts"]) == (12, 12, 60)
    assert splits["rolledBack"]["count"] <= 2
    assert splits["rolledBack"]["low"] <= 0.05 <= splits["rolledBack"]["high"]
    assert splits["passed"] + splits["inconclusive"] + splits["rolledBack"]["count"] == 60
    assert splits["promises"] == {
        "calibrated": {
            "windows": 12,
            "rollouts": 60,
            "rolledBack": splits["rolledBack"]["count"],
        }
    }
    errors = told["metrics"]["errors"]
    assert errors["threshold"] == pytest.approx(np.log(20))
    assert 0 <= errors["raised"]["least"] <= errors["raised"]["median"] <= errors["raised"]["most"]
    twice, four = errors["regressions"]
    assert (twice["ratio"], four["ratio"], four["tried"]) == (2, 4, 12)
    assert four["seen"] == 12
    assert 180 <= four["uncalibrated"]["after"] <= four["after"] <= 480
    assert four["after"] <= (twice["after"] or np.inf)


def test_a_pod_that_turned_bad_is_named(analysis: Path, address: str) -> None:
    told = found(analysis, address, "turns")
    offenders = told["splits"]["offenders"]
    assert offenders
    assert {tuple(one["pods"]) for one in offenders} == {("turns-3",)}
    assert min(one["from"] for one in offenders) >= "2023-11-14T20:50:00Z"
    assert all(one["metrics"][0]["estimate"] > 2 for one in offenders)
    assert any("turns-3 is in" in note for note in told["notes"])
    text = call(analysis, address, "turns").output
    assert "Rolled back" in text
    assert "\x1b[" not in text


def test_a_gap_is_said(analysis: Path, address: str) -> None:
    told = found(analysis, address, "gap")
    (skipped,) = told["splits"]["skipped"]
    assert (skipped["reason"], skipped["windows"]) == ("no samples", 1)
    assert skipped["stretches"] == [{"from": "2023-11-14T19:50:00Z", "to": "2023-11-14T20:00:00Z"}]
    assert told["splits"]["judged"] == 5
    assert any("1 of 6 windows were not judged, no samples" in note for note in told["notes"])


def test_what_the_promise_was_worth_is_said_where_there_is_little_history(
    analysis: Path, address: str
) -> None:
    told = found(analysis, address, "young", "--every", "20m", "--recalibrate", "20m")
    promises = told["splits"]["promises"]
    assert set(promises) == {"calibrated", "uncalibrated"}
    assert promises["uncalibrated"]["windows"] == 2
    assert any("too little history before the window" in note for note in told["notes"])
    assert told["splits"]["skipped"][0]["reason"] == "no samples"


def test_one_pod_cannot_be_split(analysis: Path, address: str) -> None:
    result = call(analysis, address, "lonely")
    assert result.exit_code == 4
    assert "No window could be judged." in result.output
    assert "fewer than two pods" in result.output


def test_a_deploy_that_nobody_named_is_pointed_out(analysis: Path, address: str) -> None:
    told = found(analysis, address, "deployed", "--since", "2h", "--every", "13m")
    assert len(told["splits"]["replaced"]) <= 1
    assert sum("most pods were replaced" in note for note in told["notes"]) == len(
        told["splits"]["replaced"]
    )
    assert told["splits"]["judged"] + sum(
        one["windows"] for one in told["splits"]["skipped"]
    ) == len(range(0, 110, 13))


def test_a_canary_that_was_is_found_and_judged(analysis: Path, address: str) -> None:
    told = found(analysis, address, "good", "--since", "2h", "--find-rollouts")
    (rollout,) = told["rollouts"]
    assert (rollout["at"], rollout["found"]) == (
        "2023-11-14T21:00:00Z",
        "the canary's pods appeared",
    )
    assert (rollout["compared"], rollout["verdict"]) == ("canary with baseline", "pass")
    assert rollout["decided"] == "2023-11-14T21:10:00Z"
    assert rollout["promise"] == "calibrated"
    assert any("kube-state-metrics tells nothing" in note for note in told["notes"])


def test_a_rollout_that_is_not_over_is_no_last_word(analysis: Path, address: str) -> None:
    options = ("--since", "2h", "--until", str(at(RELEASED + 6)), "--find-rollouts")
    told = found(analysis, address, "good", *options)
    (rollout,) = told["rollouts"]
    assert rollout["reason"].endswith("; only 6m of 10m lie before the end")


def test_a_rolling_update_compares_new_pods_with_old(analysis: Path, address: str) -> None:
    told = found(analysis, address, "slow", "--since", "2h", "--find-rollouts")
    (rollout,) = told["rollouts"]
    assert rollout["found"] == "ReplicaSet slow-b got pods"
    assert rollout["at"] == "2023-11-14T20:59:40Z"  # when its first pod was created
    assert (rollout["compared"], rollout["verdict"]) == ("new pods with old", "fail")
    assert 180 <= rollout["after"] <= 600
    assert rollout["metrics"]["errors"]["estimate"] > 3
    (skipped,) = told["splits"]["skipped"]
    assert skipped["reason"] == "a rollout was under way"


def test_the_labels_of_kube_state_metrics_may_be_renamed(analysis: Path, address: str) -> None:
    told = found(analysis, address, "renamed", "--since", "2h", "--find-rollouts")
    assert [one["verdict"] for one in told["rollouts"]] == ["pass"]
    assert not any("kube-state-metrics" in note for note in told["notes"])


def test_a_quick_rolling_update_cannot_be_compared(analysis: Path, address: str) -> None:
    told = found(analysis, address, "quick", "--since", "2h", "--find-rollouts")
    (rollout,) = told["rollouts"]
    assert (rollout["compared"], rollout["verdict"]) == (None, None)
    assert "baselineOffset" in rollout["reason"]


def test_before_and_after_the_service_plays_against_itself(analysis: Path, address: str) -> None:
    before_after = ANALYSIS.replace('app="${app}-canary"', 'app="${app}"')
    analysis.write_text(before_after.replace("  delay", "  baselineOffset: 30m\n  delay"))
    told = found(analysis, address, "quick", "--since", "3h", "--every", "20m", "--find-rollouts")
    (rollout,) = told["rollouts"]
    assert (rollout["compared"], rollout["verdict"]) == ("canary with baseline", "fail")
    splits = told["splits"]
    rolling = [one for one in splits["skipped"] if one["reason"] == "a rollout was under way"]
    assert 1 <= rolling[0]["windows"] <= 3
    assert splits["judged"] + rolling[0]["windows"] == 9
    assert splits["rolledBack"]["count"] == 0
    assert any("plays against itself" in note for note in told["notes"])


def test_rollouts_are_given_by_time_or_in_a_file(
    analysis: Path, address: str, tmp_path: Path
) -> None:
    times = tmp_path / "rollouts"
    times.write_text("2023-11-14T21:00:00Z # the canary\n\n2023-11-14T18:00:00Z\n")
    options = ("--since", "6h", "--rollouts", str(times), "--rollout", str(at(RELEASED)))
    told = found(analysis, address, "good", *options)
    assert [(one["at"], one["verdict"]) for one in told["rollouts"]] == [
        ("2023-11-14T18:00:00Z", None),
        ("2023-11-14T21:00:00Z", "pass"),
    ]
    text = call(analysis, address, "good", *options, "--output", "markdown").output
    assert "| 2023-11-14 21:00 | given | canary with baseline | pass" in text


def test_a_bundles_history_stands_for_a_prometheus(
    analysis: Path, address: str, tmp_path: Path
) -> None:
    bundle = tmp_path / "evidence.json.gz"
    at_end = ["--at", str(at(RELEASED + 10)), "--evidence-out", str(bundle)]
    options = ["--prometheus", address, *at_end]
    CliRunner().invoke(judge, ["verdict", str(analysis), *options])
    command = ["backtest", str(bundle), "--every", "20m", "--output", "json"]
    told = json.loads(CliRunner().invoke(judge, command).stdout)
    assert told["splits"]["windows"] == 10  # of history and run together
    assert told["splits"]["rollouts"] == 50
    refused = CliRunner().invoke(judge, [*command, "--find-rollouts"])
    assert refused.exit_code == 2


def test_killed_or_interrupted_it_goes_on_and_says_the_same(
    analysis: Path, address: str, tmp_path: Path
) -> None:
    often = ("--since", "3h", "--every", "15m", "--recalibrate", "1h")
    options = (*often, "--output", "json", "--find-rollouts")
    plain = call(analysis, address, "good", *options).stdout
    assert not list((tmp_path / "state" / "judge").iterdir())
    state = tmp_path / "state.jsonl"
    command = [sys.executable, "-m", "judge"]
    command += words(analysis, address, "good", *options, "--state", str(state))
    for number, pieces in ((signal.SIGKILL, 2), (signal.SIGINT, 5)):
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        until = time.monotonic() + 60
        while process.poll() is None and time.monotonic() < until:
            if state.exists() and state.read_bytes().count(b"\n") > pieces:
                process.send_signal(number)
                break
            time.sleep(0.005)
        said = process.communicate(timeout=60)
        assert process.returncode == (-9 if number is signal.SIGKILL else 130), said
        assert said[0] == b""
    kept = state.read_bytes()
    assert 5 < kept.count(b"\n") < 13
    state.write_bytes(kept + b'{"window": {"ind')  # as a kill in the middle of a line leaves it
    after = call(analysis, address, "good", *options, "--state", str(state))
    assert after.stdout == plain
    assert "going on" in after.stderr
    assert state.read_bytes().startswith(kept)
    assert not state.with_name("state.jsonl.samples").exists()


def test_what_was_read_is_not_read_again(analysis: Path, address: str, tmp_path: Path) -> None:
    state = tmp_path / "state.jsonl"
    before = call(analysis, address, "good", "--output", "json", "--state", str(state)).stdout
    gone = f"http://127.0.0.1:{free_port()}"
    refused = call(analysis, gone, "good", "--state", str(state))
    assert isinstance(refused.exception, SettingsError)  # another server is another backtest
    again = call(analysis, address, "good", "--output", "json", "--state", str(state)).stdout
    assert again == before


def test_a_prometheus_out_of_reach_is_an_error_of_its_own(analysis: Path) -> None:
    result = call(analysis, f"http://127.0.0.1:{free_port()}", "good")
    assert isinstance(result.exception, SourceUnavailable)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--since", "5m"], "no whole run"),
        (["--since", "tomorrow"], "neither a duration"),
        (["--until", "2999-01-01T00:00:00Z"], "future"),
        (["--rollout", "yesterday"], "is no time"),
        (["--since", "5"], "when there was no Prometheus; write a duration such as 7d"),
        (["--every", "0s"], "write how far apart runs begin"),
        (["--rollout", "2023-11-14T12:00:00Z"], "does not lie between 2023-11-14 16:00"),
        (["--rollouts", "/nowhere"], "cannot be read"),
        (["--every", "30"], "has no unit"),
    ],
)
def test_what_is_written_wrong_is_a_usage_error(
    analysis: Path, options: list[str], said: str
) -> None:
    since = [] if "--since" in options else ["--since", "6h"]
    until = [] if "--until" in options else ["--until", str(END)]
    server = ["--prometheus", f"http://127.0.0.1:{free_port()}"]
    command = ["backtest", str(analysis), *since, *until, *server, *options]
    result = CliRunner().invoke(judge, command)
    assert result.exit_code == 2
    assert said in result.output


def test_another_process_has_the_state(analysis: Path, address: str, tmp_path: Path) -> None:
    import fcntl

    state = tmp_path / "state.jsonl"
    with state.open("wb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        result = call(analysis, address, "good", "--state", str(state))
    assert isinstance(result.exception, SettingsError)
    assert "another backtest is writing it" in str(result.exception)
    assert os.path.getsize(state) == 0
