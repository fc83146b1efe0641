"""docs/gates.md tells every path, every field and every number there is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from judge.api.gates.dropin import router
from judge.api.gates.listing import GateDocument
from judge.store.gates import MOST
from tests.api.running import Server

PAGE = Path(__file__).parents[3] / "docs" / "gates.md"


@pytest.fixture(scope="module")
def page() -> str:
    return PAGE.read_text(encoding="utf-8")


def test_the_page_tells_every_gate_and_no_other(page: str) -> None:
    rows = [line for line in page.splitlines() if line.startswith("| `/")]
    told = {path for row in rows for path in re.findall(r"`(/[a-z/]+)`", row)}
    answered = {route.path for route in router.routes}  # type: ignore[attr-defined]
    elsewhere = {"/", "/gate", "/rollback"}
    assert told == {path for path in answered if "{" not in path} - elsewhere


def test_the_page_shows_every_field_and_the_bound(page: str) -> None:
    shown = page[page.index('{"data"') :]
    assert set(GateDocument.model_fields) <= set(re.findall(r'"(\w+)":', shown))
    assert f"can have {MOST} gates" in page


def test_the_described_paths_are_those_of_the_page(shared: Server, page: str) -> None:
    paths = shared.http.get("/openapi.json").json()["paths"]
    described = [path for path in paths if path.startswith(("/gate/", "/rollback/"))]
    assert len(described) == 8
    for path in described:
        assert set(paths[path]) == {"post"}
        assert f"`{path}`" in page
