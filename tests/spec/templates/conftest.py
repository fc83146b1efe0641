"""One real Prometheus for all templates: its storage holds the series of every case."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.servers.prometheus import backfilled
from tests.spec.templates.cases import CASES
from tests.spec.templates.harness import storage


@pytest.fixture(scope="session")
def prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Its address."""
    with backfilled(tmp_path_factory.mktemp("templates"), storage(CASES)) as address:
        yield address
