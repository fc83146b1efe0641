"""The wire: what is sent, and each way in which a server can misbehave, told apart."""

from __future__ import annotations

import base64
import contextlib
import gzip
import random
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from judge.errors import (
    QueryTooLarge,
    SettingsError,
    SourceError,
    SourceMalformed,
    SourceRejected,
    SourceUnavailable,
)
from judge.sources.client import PrometheusClient
from judge.sources.retries import Retries
from judge.spec.resolved import BasicAuth, PrometheusConfig
from tests.servers.misbehaving import (
    Behaviour,
    cut_off,
    drips,
    drips_head,
    endless,
    error,
    hangs,
    hangs_up,
    matrix,
    misbehaving,
    says,
    vector,
)
from tests.servers.process import free_port

GOOD = says(vector(({"pod": "a"}, "7")))


@contextlib.contextmanager
def client(
    address: str,
    *,
    timeout: float = 5.0,
    slept: list[float] | None = None,
    tries: int = 3,
    max_body: int = 2**20,
    **config: object,
) -> Iterator[PrometheusClient]:
    """A client that does not really sleep."""
    made = PrometheusClient(
        PrometheusConfig(address=address, timeout=timeout, **config),  # type: ignore[arg-type]
        sleep=(slept if slept is not None else []).append,
        generator=random.Random(1),
        retries=Retries(tries=tries),
        max_body=max_body,
    )
    with contextlib.closing(made):
        yield made


def failure(
    behaviour: Behaviour, *, timeout: float = 5.0, tries: int = 1, max_body: int = 2**20
) -> SourceError:
    """The error that a query against a behaviour ends in."""
    with (
        misbehaving(behaviour) as server,
        client(server.address, timeout=timeout, tries=tries, max_body=max_body) as one,
        pytest.raises(SourceError) as caught,
    ):
        one.instant("up", at=1.5)
    assert server.address in str(caught.value)
    return caught.value


def test_an_instant_query_is_a_form_in_the_body() -> None:
    with misbehaving(GOOD) as server, client(server.address) as one:
        result = one.instant('up{a="é&b=c+d"}', at=1.5)
    (request,) = server.requests
    assert (request.method, request.path) == ("POST", "/api/v1/query")
    assert request.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert request.form["query"] == 'up{a="é&b=c+d"}'
    assert request.form["time"] == "1.500"
    assert result.series[0].metric == {"pod": "a"}
    assert result.series[0].value == (0, "7")


def test_a_range_query_says_its_ends_and_its_step() -> None:
    with (
        misbehaving(says(matrix(({}, [(0, "1"), (60, "NaN")])))) as server,
        client(server.address + "/prefix/") as one,
    ):
        result = one.range("up", start=0, end=60, step=60)
    (request,) = server.requests
    assert request.path == "/prefix/api/v1/query_range"
    assert {key: request.form[key] for key in ("start", "end", "step")} == {
        "start": "0.000",
        "end": "60.000",
        "step": "60.000",
    }
    assert result.series[0].values == [(0, "1"), (60, "NaN")]


def test_the_server_is_told_to_give_up_before_we_do() -> None:
    with misbehaving(GOOD) as server, client(server.address, timeout=2.0) as one:
        one.instant("up", at=0)
    assert server.requests[0].form["timeout"] == "1800ms"


def test_headers_of_the_analysis_are_sent_and_may_ask_for_compression() -> None:
    body = gzip.compress(vector(({}, "1")))
    headers = {"X-Scope-OrgID": "team-a", "Accept-Encoding": "gzip"}
    with (
        misbehaving(says(body, Content_Encoding="gzip")) as server,
        client(server.address, headers=headers) as one,
    ):
        assert one.instant("up", at=0).series[0].value == (0, "1")
    assert server.requests[0].headers["X-Scope-OrgID"] == "team-a"
    assert server.requests[0].headers["Accept-Encoding"] == "gzip"


def test_no_compression_is_asked_for_by_itself() -> None:
    with misbehaving(GOOD) as server, client(server.address) as one:
        one.instant("up", at=0)
    assert server.requests[0].headers["Accept-Encoding"] == "identity"


def test_a_bearer_token_is_read_again_when_its_file_changes(tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("first\n")
    with misbehaving(GOOD) as server, client(server.address, bearer_token_file=str(token)) as one:
        one.instant("up", at=0)
        token.write_text("second, longer\n")
        one.instant("up", at=0)
        token.unlink()
        one.instant("up", at=0)
    sent = [request.headers["Authorization"] for request in server.requests]
    assert sent == ["Bearer first", "Bearer second, longer", "Bearer second, longer"]


@pytest.mark.parametrize(
    "content",
    [None, "", "two\nlines", "t\u00f6ken"],
    ids=["missing", "empty", "lines", "not ascii"],
)
def test_a_token_file_that_holds_no_token_is_refused(tmp_path: Path, content: str | None) -> None:
    token = tmp_path / "token"
    if content is not None:
        token.write_text(content)
    with (
        misbehaving(GOOD) as server,
        client(server.address, bearer_token_file=str(token)) as one,
        pytest.raises(SourceRejected, match="bearerTokenFile"),
    ):
        one.instant("up", at=0)
    assert server.requests == []


def test_basic_authentication_takes_its_password_from_a_file(tmp_path: Path) -> None:
    password = tmp_path / "password"
    password.write_text("s3cret\n")
    auth = BasicAuth("judge", password_file=str(password))
    with misbehaving(GOOD) as server, client(server.address, basic_auth=auth) as one:
        one.instant("up", at=0)
    scheme, encoded = server.requests[0].headers["Authorization"].split()
    assert (scheme, base64.b64decode(encoded)) == ("Basic", b"judge:s3cret")


@pytest.mark.parametrize("value", ["caf\u00e9 \u4e16", "two\nlines"])
def test_a_header_that_cannot_be_sent_is_refused(value: str) -> None:
    with (
        misbehaving(GOOD) as server,
        client(server.address, headers={"X-Scope-OrgID": value}) as one,
        pytest.raises(SourceRejected),
    ):
        one.instant("up", at=0)


def test_a_proxy_gets_the_request() -> None:
    with (
        misbehaving(GOOD) as proxy,
        client("http://prometheus.invalid:9090", proxy=proxy.address) as one,
    ):
        one.instant("up", at=0)
    assert proxy.requests[0].path == "http://prometheus.invalid:9090/api/v1/query"


def test_the_environments_proxies_are_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    with misbehaving(GOOD) as server, client(server.address) as one:
        one.instant("up", at=0)
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "address", ["", "localhost:9090", "ftp://a", "http://", "http://[::1", "http://a:port"]
)
def test_an_address_that_is_no_url_is_refused_at_once(address: str) -> None:
    with pytest.raises(SettingsError, match=r"prometheus\.address"):
        PrometheusClient(PrometheusConfig(address=address))


def test_a_password_in_the_address_stays_out_of_messages() -> None:
    address = f"http://judge:s3cret@127.0.0.1:{free_port()}"
    with client(address, tries=1) as one, pytest.raises(SourceUnavailable) as caught:
        one.instant("up", at=0)
    assert "s3cret" not in str(caught.value)


REFUSALS = [
    pytest.param(
        error("bad_data", "parse error: unclosed left parenthesis", status=400),
        SourceRejected,
        "refused the query: parse error: unclosed left parenthesis",
        id="400",
    ),
    pytest.param(
        error("execution", "query processing would load too many samples", status=422),
        SourceRejected,
        "too many samples",
        id="422",
    ),
    pytest.param(
        error("execution", "many-to-many", status=200), SourceRejected, "many-to-many",
        id="error in a 200",
    ),
    pytest.param(says(b"no", status=401), SourceRejected, "credentials .HTTP 401", id="401"),
    pytest.param(says(b"no org id", status=403), SourceRejected, "403.*no org id", id="403"),
    pytest.param(says(b"page not found", status=404), SourceRejected, "path prefix", id="404"),
    pytest.param(says(b"", status=405), SourceRejected, "HTTP 405", id="405"),
    pytest.param(
        says(b"", status=302, Location="http://user:pw@elsewhere/graph"),
        SourceRejected,
        "redirects to http://elsewhere/graph",
        id="redirect",
    ),
    pytest.param(
        error("timeout", "query timed out in expression evaluation", status=503),
        QueryTooLarge,
        "query timed out",
        id="the server's own timeout",
    ),
    pytest.param(says(b"<html>sign in</html>"), SourceMalformed, "HTML", id="html"),
    pytest.param(says(b""), SourceMalformed, "empty body", id="empty body"),
    pytest.param(
        says(vector(({"pod": "a"}, "1"))[:-20]), SourceMalformed, "ends in the middle",
        id="half of the json",
    ),
    pytest.param(says(b"up 1"), SourceMalformed, "no JSON", id="text"),
    pytest.param(says(b'{"alive": true}'), SourceMalformed, "not Prometheus's", id="other json"),
    pytest.param(says(b"[1, 2]"), SourceMalformed, "not Prometheus's", id="an array"),
    pytest.param(says(b'{"status": "success"}'), SourceMalformed, "HTTP 200", id="no data"),
    pytest.param(
        says(matrix(({}, [(0, "1")]))), SourceMalformed, "matrix where a vector", id="wrong type"
    ),
    pytest.param(
        says(b'{"status":"success","data":{"resultType":"vector","result":[{"metric":4}]}}'),
        SourceMalformed,
        "cannot be read",
        id="wrong result",
    ),
    pytest.param(
        says(b"not gzip at all", Content_Encoding="gzip"), SourceMalformed, "decompressed",
        id="broken gzip",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("behaviour", "kind", "words"), REFUSALS)
def test_what_another_try_cannot_mend_is_told_apart_and_tried_once(
    behaviour: Behaviour, kind: type[SourceError], words: str
) -> None:
    with (
        misbehaving(behaviour) as server,
        client(server.address) as one,
        pytest.raises(SourceError, match=words) as caught,
    ):
        one.instant("up", at=0)
    assert type(caught.value) is kind
    assert len(server.requests) == 1


TROUBLES = [
    pytest.param(says(b"slow down", status=429), "overloaded .HTTP 429.: slow down", id="429"),
    pytest.param(says(b"<html>", status=503), "overloaded .HTTP 503", id="503"),
    pytest.param(says(b"bad gateway", status=502), "failed with HTTP 502", id="502"),
    pytest.param(says(b"", status=504), "failed with HTTP 504", id="504"),
    pytest.param(hangs_up, "Remote end closed connection", id="hangs up"),
    pytest.param(cut_off(vector(({}, "1"))), "cut its answer off", id="cut off"),
]


@pytest.mark.parametrize(("behaviour", "words"), TROUBLES)
def test_what_may_pass_is_tried_again_a_bounded_number_of_times(
    behaviour: Behaviour, words: str
) -> None:
    slept: list[float] = []
    with misbehaving(behaviour) as server, client(server.address, slept=slept) as one:
        with pytest.raises(SourceUnavailable, match=words):
            one.instant("up", at=0)
        assert len(server.requests) == 3
    assert len(slept) == 2
    assert all(0 <= pause <= 5 for pause in slept)


@pytest.mark.parametrize("behaviour", [case.values[0] for case in TROUBLES])
def test_a_trouble_that_passes_leaves_no_trace(behaviour: Behaviour) -> None:
    with misbehaving(behaviour, behaviour, GOOD) as server, client(server.address) as one:
        assert one.instant("up", at=0).series[0].value == (0, "7")
    assert len(server.requests) == 3


@pytest.mark.parametrize(("asked", "least", "most"), [("2", 2.0, 2.25), ("3600", 5.0, 5.25)])
def test_retry_after_is_honoured_up_to_a_cap(asked: str, least: float, most: float) -> None:
    slept: list[float] = []
    busy = says(b"", status=429, Retry_After=asked)
    with misbehaving(busy, GOOD) as server, client(server.address, slept=slept) as one:
        one.instant("up", at=0)
    assert least <= slept[0] <= most


def test_an_internal_error_is_not_tried_again() -> None:
    with (
        misbehaving(error("internal", "tsdb is broken", status=500)) as server,
        client(server.address) as one,
        pytest.raises(SourceUnavailable, match=r"HTTP 500.*tsdb is broken"),
    ):
        one.instant("up", at=0)
    assert len(server.requests) == 1


CANNOT_CONNECT = "cannot be reached: Failed to establish a new connection: .*Connection refused"


def test_nobody_listening_is_said() -> None:
    address = f"http://127.0.0.1:{free_port()}"
    with client(address) as one, pytest.raises(SourceUnavailable, match=CANNOT_CONNECT):
        one.instant("up", at=0)


def test_a_name_that_is_unknown_is_said() -> None:
    with (
        client("http://prometheus.invalid:9090", tries=1) as one,
        pytest.raises(SourceUnavailable, match="cannot be reached"),
    ):
        one.instant("up", at=0)


def test_a_server_that_says_nothing_is_waited_for_no_longer_than_the_timeout() -> None:
    began = time.monotonic()
    found = failure(hangs(30), timeout=0.2)
    assert "did not answer within 0.2 s" in str(found)
    assert isinstance(found, SourceUnavailable)
    assert time.monotonic() - began < 5


def test_a_body_that_drips_is_given_up_after_the_timeout() -> None:
    began = time.monotonic()
    found = failure(drips, timeout=0.3)
    assert isinstance(found, QueryTooLarge)
    assert "whole answer after 0.3 s" in str(found)
    assert time.monotonic() - began < 5


def test_a_head_that_drips_is_given_up_after_the_timeout() -> None:
    began = time.monotonic()
    assert "did not answer within 0.3 s" in str(failure(drips_head, timeout=0.3))
    assert time.monotonic() - began < 5


def test_a_body_without_an_end_is_given_up_at_its_bound() -> None:
    found = failure(endless, max_body=2**20)
    assert isinstance(found, QueryTooLarge)
    assert "more than 1 MiB" in str(found)


def test_a_server_that_takes_no_connection_is_given_up() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        port = listener.getsockname()[1]
        fillers = []
        for _ in range(3):
            filler = socket.socket()
            filler.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                filler.connect(("127.0.0.1", port))
            fillers.append(filler)
        with (
            client(f"http://127.0.0.1:{port}", timeout=0.2, tries=1) as one,
            pytest.raises(SourceUnavailable, match=r"within 0\.2 s"),
        ):
            one.instant("up", at=0)
        for filler in fillers:
            filler.close()


def test_the_servers_words_are_kept_with_the_error() -> None:
    found = failure(error("bad_data", "1:6: parse error", status=400))
    assert found.status == 400
    assert "1:6: parse error" in found.body


def test_warnings_are_kept_and_remarks_are_not() -> None:
    body = vector(
        ({}, "1"),
        warnings=["store 10.0.0.7 is out of reach", "PromQL info: metric might not be a counter"],
    )
    with misbehaving(says(body)) as server, client(server.address) as one:
        assert one.instant("up", at=0).warnings == ("store 10.0.0.7 is out of reach",)
