"""/kayenta/canaryConfig: stored, found, changed, and kept apart by namespace."""

from __future__ import annotations

import copy
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest

from judge.api.kayenta.examples import CONFIG, SENT
from judge.api.tokens import hash_token
from tests.api.running import BEGIN, Server, running

PATH = "/kayenta/canaryConfig"
NOW = round(BEGIN * 1000)
NOW_ISO = "2026-09-21T14:14:00Z"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with running(tmp_path, daemon=False) as server:
        yield server


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One that holds the configuration `kept`: for tests that store nothing."""
    with running(tmp_path_factory.mktemp("kept"), daemon=False) as server:
        store(server, config(id="kept"))
        yield server


def config(**changes: Any) -> dict[str, Any]:
    return {**copy.deepcopy(SENT), **changes}


def store(server: Server, sent: dict[str, Any], **more: Any) -> str:
    answer = server.http.post(PATH, json=sent, **more)
    assert answer.status_code == 200, answer.text
    assert set(answer.json()) == {"canaryConfigId"}
    stored: str = answer.json()["canaryConfigId"]
    return stored


def refused(answer: httpx.Response, status: int) -> dict[str, Any]:
    """The body of a refusal, which is a problem and speaks as Kayenta does."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = answer.json()
    assert (body["status"], body["message"]) == (status, body["detail"])
    assert body["error"] == body["title"]
    return body


def test_what_is_stored_comes_back_with_its_id_and_times(server: Server) -> None:
    sent = config(unknown={"kept": [1]})
    stored = store(server, sent)
    assert server.http.get(f"{PATH}/{stored}").json() == {
        **sent,
        "id": stored,
        "createdTimestamp": NOW,
        "updatedTimestamp": NOW,
        "createdTimestampIso": NOW_ISO,
        "updatedTimestampIso": NOW_ISO,
    }


def test_a_config_may_bring_its_id_and_times(server: Server) -> None:
    sent = config(id="my-id", createdTimestamp=1_523_000_000_001, updatedTimestampIso="wrong")
    assert store(server, sent) == "my-id"
    found = server.http.get(f"{PATH}/my-id").json()
    assert (
        found["createdTimestampIso"] == found["updatedTimestampIso"] == "2018-04-06T07:33:20.001Z"
    )
    assert found["updatedTimestamp"] == 1_523_000_000_001


def test_the_list_is_what_argo_reads(server: Server) -> None:
    stored = store(server, config())
    answer = server.http.get(
        PATH, params={"application": "checkout", "configurationAccountName": "my-gcs"}
    )
    assert answer.status_code == 200
    assert answer.json() == [
        {
            "id": stored,
            "name": "checkout-canary",
            "updatedTimestamp": NOW,
            "updatedTimestampIso": NOW_ISO,
            "applications": ["checkout"],
        }
    ]


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", ["one", "two", "three"]),
        ("?application=", ["one", "two", "three"]),
        ("?application=a", ["one", "two"]),
        ("?application=a&application=c", ["one", "two", "three"]),
        ("?application=b,c", ["two", "three"]),
        ("?application=none", []),
    ],
)
def test_the_list_is_of_the_applications_asked_for(
    server: Server, query: str, names: list[str]
) -> None:
    for name, applications in (("one", ["a"]), ("two", ["a", "b"]), ("three", ["c"])):
        store(server, config(name=name, applications=applications))
    assert [one["name"] for one in server.http.get(PATH + query).json()] == names


def test_an_update_keeps_when_it_was_made(server: Server) -> None:
    stored = store(server, config())
    server.clock.now += 1.5
    changed = config(name="renamed", id="another")
    answer = server.http.put(f"{PATH}/{stored}", json=changed)
    assert (answer.status_code, answer.json()) == (200, {"canaryConfigId": stored})
    found = server.http.get(f"{PATH}/{stored}").json()
    assert (found["id"], found["name"]) == (stored, "renamed")
    assert (found["createdTimestamp"], found["updatedTimestamp"]) == (NOW, NOW + 1500)
    assert found["updatedTimestampIso"] == "2026-09-21T14:14:01.500Z"


def test_a_deleted_config_is_gone(server: Server) -> None:
    stored = store(server, config())
    answer = server.http.delete(f"{PATH}/{stored}")
    assert (answer.status_code, answer.content) == (204, b"")
    for method in ("GET", "DELETE"):
        body = refused(server.http.request(method, f"{PATH}/{stored}", headers=JSON), 404)
        assert f"there is no canary config '{stored}'" in body["message"]


JSON = {"Content-Type": "application/json"}


def test_an_update_of_none_is_a_bad_request(server: Server) -> None:
    assert (
        "POST makes a new one"
        in refused(server.http.put(f"{PATH}/none", json=config()), 400)["message"]
    )


def test_an_id_that_is_taken_is_refused(server: Server) -> None:
    store(server, config(id="a"))
    again = server.http.post(PATH, json=config(id="a", name="other"))
    assert "there is a canary config 'a' already" in refused(again, 400)["message"]


def test_a_name_is_one_of_a_kind_within_an_application(server: Server) -> None:
    first = store(server, config(applications=["a", "b"]))
    taken = server.http.post(PATH, json=config(applications=["b", "c"]))
    said = "Canary config with name 'checkout-canary' already exists in the scope of applications"
    assert refused(taken, 400)["message"] == f"{said} [b, c]."
    second = store(server, config(applications=["c"]))
    renamed = server.http.put(f"{PATH}/{second}", json=config(applications=["a"]))
    assert said in refused(renamed, 400)["message"]
    assert server.http.put(f"{PATH}/{first}", json=config(applications=["a"])).status_code == 200


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"name": ""}, "name"),
        ({"name": "with a blank"}, "name"),
        ({"name": "n" * 254}, "name"),
        ({"applications": []}, "applications"),
        ({"createdTimestamp": -1}, "createdTimestamp"),
        ({"updatedTimestamp": 10**17}, "updatedTimestamp"),
        ({"createdTimestamp": "yesterday"}, "createdTimestamp"),
        ({"metrics": "many"}, "metrics"),
        (
            {"metrics": [{**SENT["metrics"][0], "query": {"type": "datadog"}}]},
            "metrics[0].query.type",
        ),
    ],
)
@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_what_could_not_be_used_is_refused_with_its_place(
    kept: Server, method: str, changes: dict[str, Any], path: str
) -> None:
    target = PATH if method == "POST" else f"{PATH}/kept"
    answer = kept.http.request(method, target, json=config(**changes))
    assert [issue["path"] for issue in refused(answer, 400)["issues"]] == [path]


@pytest.mark.parametrize("config_id", ["a/b", "..", "i" * 254, 5, ["a"]])
def test_an_id_that_no_path_can_hold_is_refused(kept: Server, config_id: Any) -> None:
    answer = kept.http.post(PATH, json=config(id=config_id))
    assert {issue["path"] for issue in refused(answer, 400)["issues"]} == {"id"}


def test_all_that_is_wrong_is_told_at_once(kept: Server) -> None:
    bad = config(id="a/b", name="with a blank", applications=[])
    body = refused(kept.http.post(PATH, json=bad), 400)
    assert {issue["path"] for issue in body["issues"]} == {"id", "name", "applications"}


@pytest.mark.parametrize(
    ("content", "status"),
    [(b"", 400), (b"{", 400), (b"[]", 400), (b'"x"', 400), (b'{"name": NaN}', 400)],
)
def test_a_body_that_is_no_config_is_a_bad_request(
    kept: Server, content: bytes, status: int
) -> None:
    refused(kept.http.post(PATH, content=content, headers=JSON), status)


TOKENS: dict[str, dict[str, Any]] = {
    "viewer": {"role": "view", "namespaces": ["shop"]},
    "asker": {"role": "judge", "namespaces": ["shop"]},
    "shopkeeper": {"role": "operate", "namespaces": ["shop"]},
    "banker": {"role": "operate", "namespaces": ["bank"]},
    "both": {"role": "operate", "namespaces": ["bank", "shop"]},
    "all": {"role": "operate"},
    "hook": {"role": "hook", "namespaces": ["shop"]},
}


def as_(name: str) -> dict[str, str]:
    return {"Authorization": f"Bearer token-of-{name}"}


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[Server]:
    entries = [
        {"name": name, "hash": hash_token(f"token-of-{name}"), **entry}
        for name, entry in TOKENS.items()
    ]
    (tmp_path / "tokens.yaml").write_text(json.dumps({"tokens": entries}), encoding="utf-8")
    with running(tmp_path, daemon=False, token_file=tmp_path / "tokens.yaml") as server:
        yield server


def test_nobody_sees_another_namespaces_configs(guarded: Server) -> None:
    mine = store(guarded, config(id="mine"), headers=as_("shopkeeper"))
    hidden = guarded.http.get(f"{PATH}/{mine}", headers=as_("banker"))
    absent = guarded.http.get(f"{PATH}/none", headers=as_("banker"))
    assert hidden.text.replace("mine", "none") == absent.text
    assert guarded.http.get(PATH, headers=as_("banker")).json() == []
    assert guarded.http.delete(f"{PATH}/{mine}", headers=as_("banker")).status_code == 404
    assert (
        guarded.http.put(f"{PATH}/{mine}", json=config(), headers=as_("banker")).status_code == 400
    )
    # Neither an id nor a name that another has taken can be told from a free one.
    assert store(guarded, config(id="mine"), headers=as_("banker")) == "mine"
    assert guarded.http.get("/hooks/token-of-hook" + PATH).json()[0]["id"] == "mine"
    assert guarded.http.get(f"{PATH}/{mine}", headers=as_("shopkeeper")).status_code == 200


@pytest.mark.parametrize(
    ("name", "query", "status"),
    [
        ("shopkeeper", "", 200),
        ("shopkeeper", "?namespace=shop", 200),
        ("shopkeeper", "?namespace=bank", 403),
        ("both", "", 403),
        ("both", "?namespace=bank", 200),
        ("both", "?namespace=default", 403),
        ("all", "", 200),
        ("all", "?namespace=bank", 200),
        ("all", "?namespace=a/b", 400),
    ],
)
def test_whoever_has_several_namespaces_says_which(
    guarded: Server, name: str, query: str, status: int
) -> None:
    answer = guarded.http.post(PATH + query, json=config(), headers=as_(name))
    assert answer.status_code == status
    if status != 200:
        refused(answer, status)


def test_without_a_namespace_it_is_the_default_one(guarded: Server) -> None:
    stored = store(guarded, config(), headers=as_("all"))
    listed = guarded.http.get(PATH, params={"namespace": "default"}, headers=as_("all"))
    assert [one["id"] for one in listed.json()] == [stored]


@pytest.mark.parametrize("name", ["viewer", "asker", "shopkeeper"])
def test_all_read_and_operators_write(guarded: Server, name: str) -> None:
    stored = store(guarded, config(), headers=as_("shopkeeper"))
    assert guarded.http.get(PATH, headers=as_(name)).status_code == 200
    assert guarded.http.get(f"{PATH}/{stored}", headers=as_(name)).status_code == 200
    writes = name == "shopkeeper"
    for method, path, status in (
        ("POST", PATH, 200),
        ("PUT", f"{PATH}/{stored}", 200),
        ("DELETE", f"{PATH}/{stored}", 204),
    ):
        sent = config(name="other" if method == "POST" else "checkout-canary")
        answer = guarded.http.request(method, path, json=sent, headers=as_(name))
        assert answer.status_code == (status if writes else 403)
        if not writes:
            refused(answer, 403)


def test_the_example_is_what_is_stored(server: Server) -> None:
    server.clock.now = 1_790_000_000.0
    stored = store(server, {**SENT, "id": CONFIG["id"]})
    assert server.http.get(f"{PATH}/{stored}").json() == CONFIG


def test_a_database_that_fails_is_told_without_its_insides(tmp_path: Path) -> None:
    with running(tmp_path, daemon=False) as server:
        with closing(sqlite3.connect(tmp_path / "judge.db")) as other:
            other.execute("DROP TABLE documents")
        answer = server.http.get(PATH)
    assert answer.headers["retry-after"] == "5"
    assert "documents" not in refused(answer, 503)["message"]
