"""TLS: whom the client trusts, and who it is to the server."""

from __future__ import annotations

import contextlib
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest

from judge.errors import SourceError, SourceRejected
from judge.sources.client import PrometheusClient
from judge.sources.retries import Retries
from judge.spec.resolved import PrometheusConfig, Tls
from tests.servers.misbehaving import Server, misbehaving, says, vector

PEMS = Path(__file__).parents[1] / "servers" / "tls"
CA, CERT, KEY = (str(PEMS / name) for name in ("ca.pem", "client.pem", "client.key"))


@contextlib.contextmanager
def tls_server(*, wants_client: bool = False) -> Iterator[Server]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(PEMS / "server.pem", PEMS / "server.key")
    if wants_client:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(CA)
    with misbehaving(says(vector(({}, "1"))), tls=context) as server:
        yield server


def ask(server: Server, tls: Tls) -> str | None:
    config = PrometheusConfig(address=server.address, timeout=5, tls=tls)
    made = PrometheusClient(config, retries=Retries(tries=1))
    with contextlib.closing(made):
        value = made.instant("up", at=0).series[0].value
        return value[1] if value else None


def test_a_server_is_trusted_by_its_authority() -> None:
    with tls_server() as server:
        assert ask(server, Tls(ca_file=CA)) == "1"


def test_a_server_of_an_unknown_authority_is_not_trusted() -> None:
    with tls_server() as server, pytest.raises(SourceRejected, match=r"TLS failed.*verify failed"):
        ask(server, Tls())
    assert server.requests == []


def test_verification_can_be_switched_off() -> None:
    with tls_server() as server:
        assert ask(server, Tls(insecure_skip_verify=True)) == "1"


def test_we_show_our_own_certificate() -> None:
    with tls_server(wants_client=True) as server:
        assert ask(server, Tls(ca_file=CA, cert_file=CERT, key_file=KEY)) == "1"


def test_a_server_that_wants_a_certificate_refuses_us_without_one() -> None:
    with tls_server(wants_client=True) as server, pytest.raises(SourceError):
        ask(server, Tls(ca_file=CA))
    assert server.requests == []


@pytest.mark.parametrize("field", ["ca_file", "cert_file"])
def test_a_file_that_is_missing_is_named(field: str) -> None:
    tls = Tls(**{"ca_file": CA, field: "/nowhere/a.pem"})
    with tls_server() as server, pytest.raises(SourceRejected, match=r"/nowhere/a\.pem"):
        ask(server, tls)
