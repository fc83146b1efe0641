"""What Flagger sends is read as it is; what is missing or without bound is refused."""

from __future__ import annotations

from typing import Any

import pytest

from judge.dialects.flagger.calls import AT_REST, Call, Hook, read_call
from judge.errors import SpecError

BODY: dict[str, Any] = {
    "name": "podinfo",
    "namespace": "test",
    "phase": "Progressing",
    "checksum": "85d557f47b",
}


def test_a_body_as_flagger_sends_it() -> None:
    assert read_call(BODY) == Call("podinfo", "test", "Progressing", "85d557f47b")
    with_metadata = read_call({**BODY, "metadata": {"key1": "val1"}})
    assert with_metadata.metadata == {"key1": "val1"}
    assert read_call({**BODY, "metadata": None}).metadata == {}


def test_what_else_stands_in_it_does_not_matter() -> None:
    assert read_call({**BODY, "buildID": 7, "metadata": {}}) == read_call(BODY)
    without = {name: text for name, text in BODY.items() if name != "phase"}
    assert read_call(without).phase == ""


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"name": None}, "name"),
        ({"name": ""}, "name"),
        ({"name": "x" * 254}, "name"),
        ({"namespace": 7}, "namespace"),
        ({"namespace": 'x"}'}, "namespace"),
        ({"namespace": "x" * 129}, "namespace"),
        ({"checksum": ""}, "checksum"),
        ({"checksum": "x" * 254}, "checksum"),
        ({"phase": 1}, "phase"),
        ({"metadata": []}, "metadata"),
        ({"metadata": {"a": 1}}, "metadata.a"),
    ],
)
def test_what_cannot_be_used_is_named(change: dict[str, Any], named: str) -> None:
    with pytest.raises(SpecError) as caught:
        read_call({**BODY, **change})
    assert [issue.path for issue in caught.value.issues] == [named]


@pytest.mark.parametrize("missing", ["name", "namespace", "checksum"])
def test_what_is_missing_is_named(missing: str) -> None:
    with pytest.raises(SpecError, match=missing):
        read_call({name: text for name, text in BODY.items() if name != missing})


@pytest.mark.parametrize("body", [None, [], "podinfo", 7])
def test_what_is_no_object_is_refused(body: Any) -> None:
    with pytest.raises(SpecError, match="body"):
        read_call(body)


def test_the_kinds_are_flaggers() -> None:
    assert len(Hook) == 8
    assert "Progressing" not in AT_REST
    assert "WaitingPromotion" not in AT_REST
