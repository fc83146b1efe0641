"""Whatever is sent to /kayenta/canaryConfig gets one clear refusal, and never a 500."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from judge.api.kayenta.examples import SENT
from tests.api.running import Server, running
from tests.api.test_bad_input import JSON, places, values

PATH = "/kayenta/canaryConfig"
SLOW = [HealthCheck.too_slow]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("bad"), daemon=False) as server:
        yield server


def post(server: Server, value: Any) -> Any:
    return server.http.post(PATH, content=json.dumps(value).encode(), headers=JSON)


@given(value=values)
@settings(max_examples=60, deadline=None, suppress_health_check=SLOW)
def test_any_json_gets_an_answer_that_is_no_500(server: Server, value: Any) -> None:
    assert post(server, value).status_code == 400


@given(place=st.sampled_from(places(SENT)[1:]), value=values)
@settings(max_examples=200, deadline=None, suppress_health_check=SLOW)
def test_a_good_config_with_anything_anywhere_comes_back_or_is_refused(
    server: Server, place: tuple[Any, ...], value: Any
) -> None:
    changed = copy.deepcopy(SENT)
    inner: Any = changed
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = value
    answer = post(server, changed)
    if answer.status_code != 200:
        assert answer.status_code == 400, answer.text
        assert answer.json()["message"]
        return
    path = f"{PATH}/{answer.json()['canaryConfigId']}"
    found = server.http.get(path)
    assert found.status_code == 200
    assert found.json()["metrics"] == changed.get("metrics")
    assert server.http.get(PATH).status_code == 200
    assert server.http.delete(path).status_code == 204


@given(config_id=st.text(min_size=1, max_size=20))
@settings(max_examples=80, deadline=None, suppress_health_check=SLOW)
def test_a_config_is_found_under_the_id_that_it_was_stored_with(
    server: Server, config_id: str
) -> None:
    try:
        content = json.dumps({**SENT, "id": config_id}, ensure_ascii=False).encode()
        quoted = "".join(f"%{byte:02x}" for byte in config_id.encode())
    except UnicodeEncodeError:
        return
    answer = server.http.post(PATH, content=content, headers=JSON)
    if answer.status_code == 400:
        assert (
            not set(config_id).isdisjoint("/\x00")
            or not config_id.isprintable()
            or (config_id in (".", ".."))
        ), answer.text
        return
    assert answer.status_code == 200
    assert server.http.get(f"{PATH}/{quoted}").json()["id"] == config_id
    assert server.http.delete(f"{PATH}/{quoted}").status_code == 204


@given(query=st.dictionaries(st.sampled_from(["application", "namespace"]), st.text()))
@settings(max_examples=60, deadline=None, suppress_health_check=SLOW)
def test_any_query_gets_an_answer_that_is_no_500(server: Server, query: dict[str, str]) -> None:
    try:
        answer = server.http.get(PATH, params=query)
    except UnicodeEncodeError:
        return
    assert answer.status_code in (200, 400)
