"""Whatever a caller sends gets one clear problem, and never a 500."""

from __future__ import annotations

import json
import socket
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from judge.api.bodies import MAX_DEPTH, parse
from tests.api.running import Server, document, start

POSTS = ["/api/v1/runs", "/api/v1/verdicts"]
JSON = {"Content-Type": "application/json"}


def post(server: Server, path: str, content: bytes, headers: dict[str, str] = JSON) -> Any:
    answer = server.http.post(path, content=content, headers=headers)
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    assert answer.json()["status"] == answer.status_code
    return answer


@pytest.mark.parametrize("path", POSTS)
@pytest.mark.parametrize(
    ("content", "status", "said"),
    [
        (b"", 422, "Field required"),
        (b"{", 400, "not JSON as it must be"),
        (b"analysis: checkout", 400, "not JSON as it must be"),
        (b"\xff\xfe{}", 400, "byte 0 is not UTF-8"),
        (b"\xef\xbb\xbf{}", 400, "BOM"),
        (b'{"at": NaN}', 400, "NaN is no JSON number"),
        (b'{"at": -Infinity}', 400, "-Infinity is no JSON number"),
        (b'{"at": 1e999}', 400, "too large for a number"),
        (b'{"at": ' + b"9" * 5000 + b"}", 400, "more than 64 bits"),
        (b'{"at": 9223372036854775808}', 400, "more than 64 bits"),
        (b'{"analysis": "a", "analysis": "b"}', 400, "the key 'analysis' is there twice"),
        (b'{"analysis": "\\ud800"}', 400, "half a surrogate pair"),
        (b'{"analysis": "\\u0000"}', 400, "NUL"),
        (b"[" * 100_000, 400, "nested deeper than 32"),
        (b'{"a":' * 500 + b"1" + b"}" * 500, 400, "nested deeper than 32"),
        (b"null", 422, "body"),
        (b"[]", 422, "body"),
        (b'"checkout"', 422, "body"),
        (b"{}", 422, "analysis: Field required"),
        (b'{"analysis": 5}', 422, "analysis"),
        (b'{"analysis": "none"}', 404, "no stored analysis 'none'"),
        (b'{"analysis": {}}', 422, "apiVersion"),
        (b'{"kind": "Analysis"}', 422, "apiVersion"),
        (b'{"analysis": "a", "analysys": 1}', 422, "analysys: Extra inputs"),
        (b'{"analysis": "a", "variables": []}', 422, "variables"),
    ],
)
def test_a_body_that_cannot_be_used_says_why(
    shared: Server, path: str, content: bytes, status: int, said: str
) -> None:
    answer = post(shared, path, content)
    assert answer.status_code == status
    assert said in answer.json()["detail"]


def test_every_fault_of_an_analysis_is_told_with_its_place(shared: Server) -> None:
    broken = document(interval="a minute", duration="30", colour="red")
    answer = post(shared, "/api/v1/runs", json.dumps({"analysis": broken}).encode())
    assert answer.status_code == 422
    paths = {issue["path"] for issue in answer.json()["issues"]}
    assert paths == {"spec.interval", "spec.duration", "spec.colour"}


def test_an_analysis_without_a_server_is_refused_before_it_is_stored(shared: Server) -> None:
    broken = document(name="nowhere", prometheus=None)
    answer = post(shared, "/api/v1/runs", json.dumps(broken).encode())
    assert answer.json()["issues"][0]["path"] == "spec.prometheus"
    assert shared.http.get("/api/v1/runs", params={"name": "nowhere"}).json()["data"] == []


@pytest.mark.parametrize(
    "more", [{"key": ""}, {"key": "k" * 1025}, {"key": 5}, {"startedAt": -1}, {"startedAt": "x"}]
)
def test_a_run_request_is_refused_by_field(shared: Server, more: dict[str, Any]) -> None:
    body = json.dumps({"analysis": document(), **more}).encode()
    answer = post(shared, "/api/v1/runs", body)
    assert answer.status_code == 422
    assert answer.json()["issues"][0]["path"] == next(iter(more))


def test_a_body_that_is_too_large_is_cut_off(shared: Server) -> None:
    answer = post(shared, "/api/v1/runs", b" " * 1_048_577)
    assert answer.status_code == 413
    assert "1048576 bytes" in answer.json()["detail"]


def test_a_body_without_an_announced_length_is_cut_off_too(shared: Server) -> None:
    chunks = (b" " * 65_536 for _ in range(40))
    try:
        answer = shared.http.post("/api/v1/runs", content=chunks, headers=JSON)
    except httpx.WriteError:
        return  # cut off before all was sent, which is as well
    assert answer.status_code == 413


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "json", ""])
def test_another_content_type_is_refused(shared: Server, kind: str) -> None:
    answer = post(shared, "/api/v1/runs", b"{}", {"Content-Type": kind})
    assert answer.status_code == 415


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nothing", 404),
        ("GET", "/api/v1", 404),
        ("DELETE", "/api/v1/runs", 405),
        ("GET", "/api/v1/verdicts", 405),
        ("GET", "/api/v1/runs/%00", 404),
        ("GET", "/api/v1/runs/%ff%fe", 404),
        ("GET", "/api/v1/runs/" + "x" * 5000, 404),
    ],
)
def test_an_address_that_is_none_is_a_problem(
    shared: Server, method: str, path: str, status: int
) -> None:
    answer = shared.http.request(method, path, headers=JSON)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"


def test_what_is_no_http_does_not_disturb_the_next(shared: Server) -> None:
    url = httpx.URL(shared.url)
    with socket.create_connection((url.host, url.port or 0), timeout=10) as wire:
        wire.sendall(b"\x16\x03\x01 hello\r\n\r\n")
        assert b"400" in wire.recv(4096)
    assert shared.http.get("/healthz").status_code == 200


values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from(["checkout", "1m", "http://x", "judge/v1", "Analysis", "{{ x }}", "1%"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@pytest.mark.parametrize("path", POSTS)
@given(value=values)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_json_gets_an_answer_that_is_no_500(shared: Server, path: str, value: Any) -> None:
    answer = shared.http.post(path, content=json.dumps(value).encode(), headers=JSON)
    assert answer.status_code in (400, 404, 422), answer.text


GOOD: dict[str, Any] = document(
    onPass=[{"webhook": {"url": "http://x"}}], inputs=["app"], variables={"app": "x"}
)


def places(value: Any) -> list[tuple[Any, ...]]:
    """The path of everything in a document."""
    if isinstance(value, dict):
        inner = value.items()
    elif isinstance(value, list):
        inner = enumerate(value)
    else:
        return [()]
    return [()] + [(key, *rest) for key, one in inner for rest in places(one)]


@pytest.mark.parametrize("path", POSTS)
@given(place=st.sampled_from(places(GOOD)[1:]), value=values)
@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_good_analysis_with_anything_anywhere_is_no_500(
    shared: Server, path: str, place: tuple[Any, ...], value: Any
) -> None:
    changed = json.loads(json.dumps(GOOD))
    inner = changed
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = value
    answer = shared.http.post(
        path, content=json.dumps({"analysis": changed}).encode(), headers=JSON
    )
    assert answer.status_code in (200, 201, 400, 422), answer.text


@given(text=st.binary())
def test_any_bytes_are_parsed_or_refused(text: bytes) -> None:
    try:
        value = parse(text)
    except ValueError:
        return
    assert json.dumps(value, allow_nan=False).encode("utf-8")


@given(values)
def test_what_is_parsed_is_what_was_written(value: Any) -> None:
    try:
        written = json.dumps(value, allow_nan=False, ensure_ascii=False).encode()
        again = parse(written)
    except (ValueError, UnicodeEncodeError):
        return
    assert again == value


def test_depth_is_counted_from_the_outside() -> None:
    assert parse(b"[" * MAX_DEPTH + b"]" * MAX_DEPTH)
    with pytest.raises(ValueError, match="nested"):
        parse(b"[" * (MAX_DEPTH + 2) + b"]" * (MAX_DEPTH + 2))


@given(segments=st.lists(st.text(min_size=1, max_size=8), min_size=1, max_size=3))
@settings(max_examples=80, deadline=None)
def test_any_address_gets_an_answer_that_is_no_500(shared: Server, segments: list[str]) -> None:
    quoted = "/".join(
        httpx.URL("http://x/", params={"q": one}).query.decode()[2:] for one in segments
    )
    for path in (f"/{quoted}", f"/api/v1/runs/{quoted}"):
        assert shared.http.get(path).status_code < 500


@given(query=st.dictionaries(st.sampled_from(["limit", "state", "cursor", "name"]), st.text()))
@settings(max_examples=60, deadline=None)
def test_any_query_gets_an_answer_that_is_no_500(shared: Server, query: dict[str, str]) -> None:
    try:
        answer = shared.http.get("/api/v1/runs", params=query)
    except UnicodeEncodeError:
        return
    assert answer.status_code in (200, 422)


def test_an_unexpected_fault_tells_nothing_of_our_insides(shared: Server) -> None:
    shared.traffic.fails = RuntimeError("secret insides")
    answer = shared.http.post("/api/v1/verdicts", json=document())
    shared.traffic.fails = None
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert "secret" not in answer.text
    assert start(shared)["state"] == "pending"
