"""Argo Rollouts finds its configuration through a hook; the shipped example is one that works."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from judge.api.tokens import hash_token
from judge.spec.resolved import PrometheusConfig
from tests.api.kayenta.argo import Argo, ArgoError, Phase, substituted
from tests.api.running import Server, running

EXAMPLE = Path(__file__).parents[3] / "deploy" / "examples" / "argo"
OPERATOR = {"Authorization": "Bearer token-of-operator"}


def read(name: str) -> Any:
    text = (EXAMPLE / name).read_text(encoding="utf-8")
    return json.loads(text) if name.endswith(".json") else YAML(typ="safe").load(text)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("argo")
    tokens = {"hook": {"role": "hook"}, "operator": {"role": "operate"}}
    entries = [
        {
            "name": name,
            "hash": hash_token(f"token-of-{name}"),
            "namespaces": ["shop"],
            **entry,
        }
        for name, entry in tokens.items()
    ]
    (folder / "tokens.yaml").write_text(json.dumps({"tokens": entries}), encoding="utf-8")
    with running(
        folder,
        daemon=False,
        token_file=folder / "tokens.yaml",
        prometheus={"main": PrometheusConfig(address="http://127.0.0.1:9")},
    ) as server:
        server.clock.now = 1_790_001_120.0  # 2026-09-21T14:32:00Z
        yield server


@pytest.fixture(scope="module")
def stored(server: Server) -> str:
    sent = read("canary-config.json")
    answer = server.http.post("/kayenta/canaryConfig", json=sent, headers=OPERATOR)
    assert answer.status_code == 200, answer.text
    stored: str = answer.json()["canaryConfigId"]
    return stored


def provider(server: Server, **changes: Any) -> dict[str, Any]:
    """The example's, its address on the test's server and its arguments filled in."""
    (metric,) = read("analysis-template.yaml")["spec"]["metrics"]
    args = {
        "hook": "token-of-hook",
        "baseline-hash": "6c54544bf9",
        "canary-hash": "7d9f6c5b84",
        "start-time": "2026-09-21T14:00:00Z",
        "end-time": "2026-09-21T14:30:00Z",
    }
    filled = substituted(metric["provider"]["kayenta"], args)
    address = filled["address"].replace("http://judge.judge.svc:8080", server.url)
    return {**filled, "address": address, **changes}


def test_the_example_finds_its_configuration(server: Server, stored: str) -> None:
    argo = Argo(provider(server))
    assert argo.config_id() == stored
    assert argo.slowest < 1


@pytest.mark.parametrize("old", [False, True])
def test_the_example_starts_a_judgement_and_is_told_that_it_goes_on(
    server: Server, stored: str, old: bool
) -> None:
    assert stored
    argo = Argo(provider(server), old=old)
    execution = argo.measure()
    assert argo.resume(execution).phase is Phase.RUNNING
    assert server.runs.get(execution).namespace == "shop"
    assert argo.slowest < 1


def test_a_configuration_that_is_not_there_is_an_error_of_the_measurement(
    server: Server,
) -> None:
    with pytest.raises(ArgoError, match="not found"):
        Argo(provider(server, canaryConfigName="other")).measure()
    with pytest.raises(ArgoError, match="400"):
        Argo(provider(server, canaryConfigName="other"), old=True).measure()


@pytest.mark.parametrize(("lookback", "length"), [(False, 300.0), (True, 1500.0)])
def test_scopes_without_times_are_the_last_interval_or_all_since_the_start(
    server: Server, stored: str, lookback: bool, length: float
) -> None:
    assert stored
    spec = provider(server, lookback=lookback)
    for one in spec["scopes"]:
        for side in ("controlScope", "experimentScope"):
            del one[side]["start"], one[side]["end"]
    now = server.clock()
    argo = Argo(spec, interval=300.0, began=now - 1500.0, clock=server.clock)
    run = server.runs.get(argo.measure())
    assert (run.started_at, run.analysis.duration) == (now - length, length)


def test_accounts_may_keep_the_names_that_they_have(server: Server, stored: str) -> None:
    assert Argo(provider(server, storageAccountName="my-gcs-account")).config_id() == stored


def test_a_configuration_of_another_name_or_application_is_not_found(
    server: Server, stored: str
) -> None:
    assert stored
    for changes in ({"canaryConfigName": "other"}, {"application": "other"}):
        assert Argo(provider(server, **changes)).config_id() == ""


def test_without_its_hook_it_gets_nowhere(server: Server) -> None:
    for address in (f"{server.url}/kayenta", f"{server.url}/hooks/token-of-operator/kayenta"):
        with pytest.raises(ArgoError, match="401"):
            Argo(provider(server, address=address)).config_id()


def test_the_rollout_hands_on_what_the_template_asks_for() -> None:
    template, rollout = read("analysis-template.yaml"), read("rollout.yaml")
    experiment = rollout["spec"]["strategy"]["canary"]["steps"][0]["experiment"]
    (analysis,) = experiment["analyses"]
    given = {one["name"] for one in analysis["args"]}
    asked = {one["name"] for one in template["spec"]["args"] if "valueFrom" not in one}
    assert analysis["templateName"] == template["metadata"]["name"]
    assert given == asked
    sides = {one["name"] for one in experiment["templates"]}
    hashes = [one["value"] for one in analysis["args"] if "podTemplateHash" in one["value"]]
    assert {value.split(".")[1] for value in hashes} == sides
