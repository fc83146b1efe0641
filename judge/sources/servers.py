"""The Prometheus servers that one process reads, each with its connections kept."""

from __future__ import annotations

import threading
from collections import OrderedDict

from judge.sources.prometheus import PrometheusSource, prometheus_source
from judge.spec.resolved import PrometheusConfig, ResolvedAnalysis

MOST_SERVERS = 64  # kept open; the one that was not asked for longest goes first


class PrometheusServers:
    """Gives an analysis its source; the same one to all that write the same server.

    Safe in several threads. Close it when nothing reads any more.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sources: OrderedDict[str, PrometheusSource] = OrderedDict()

    def __call__(self, analysis: ResolvedAnalysis) -> PrometheusSource:
        """The source of ``analysis``."""
        key = _key(analysis.prometheus)
        with self._lock:
            source = self._sources.pop(key, None) or prometheus_source(analysis.prometheus)
            self._sources[key] = source
            if len(self._sources) > MOST_SERVERS:
                self._sources.popitem(last=False)[1].close()
            return source

    def close(self) -> None:
        """Give back all connections."""
        with self._lock:
            while self._sources:
                self._sources.popitem()[1].close()


def _key(config: PrometheusConfig) -> str:
    """The whole configuration as a text: two are one server where nothing of it differs."""
    return repr(config)
