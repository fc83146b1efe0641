"""The servers that a process reads: one source for each, however many analyses name it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from judge.sources import servers
from judge.sources.servers import PrometheusServers
from judge.spec.resolved import PrometheusConfig, ResolvedAnalysis


def _analysis(address: str, **headers: str) -> ResolvedAnalysis:
    return ResolvedAnalysis("a", (), prometheus=PrometheusConfig(address, headers=headers))


def test_analyses_that_write_the_same_server_share_its_connections() -> None:
    pool = PrometheusServers()
    first = pool(_analysis("http://127.0.0.1:1"))
    assert pool(replace(_analysis("http://127.0.0.1:1"), name="b")) is first
    assert pool(_analysis("http://127.0.0.1:2")) is not first
    assert pool(_analysis("http://127.0.0.1:1", tenant="x")) is not first
    pool.close()


def test_only_so_many_are_kept_and_the_oldest_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(servers, "MOST_SERVERS", 2)
    pool = PrometheusServers()
    first, second = pool(_analysis("http://127.0.0.1:1")), pool(_analysis("http://127.0.0.1:2"))
    assert pool(_analysis("http://127.0.0.1:1")) is first
    pool(_analysis("http://127.0.0.1:3"))
    assert pool(_analysis("http://127.0.0.1:1")) is first
    assert pool(_analysis("http://127.0.0.1:2")) is not second
    pool.close()
