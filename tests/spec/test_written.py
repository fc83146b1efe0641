"""Texts of several documents: each with its own data and the whole text's places."""

from __future__ import annotations

import pytest

from judge.errors import SpecError
from judge.spec.written import read_documents

TEXT = """# first
kind: A
---
---
kind: B
spec: {deep: [1, x]}
"""


def test_each_document_knows_its_places_in_the_whole_text() -> None:
    first, second = read_documents(TEXT, source="f.yaml")
    assert (first.data, second.data) == ({"kind": "A"}, {"kind": "B", "spec": {"deep": [1, "x"]}})
    assert str(first.issue(("kind",), "no")) == "f.yaml:2:7: kind: no"
    assert str(second.issue(("spec", "deep", 1), "no")) == "f.yaml:6:18: spec.deep[1]: no"


def test_a_text_of_nothing_has_no_documents() -> None:
    assert read_documents("# nothing\n---\n", source="f.yaml") == ()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: 1\n---\nb: [\n", "f.yaml:4:1: not valid YAML"),
        ("a: 1\n---\nb: 1\nb: 2\n", "f.yaml:4:1: b: the key b is written twice"),
        ("a: &x 1\n---\nb: *x\n", "f.yaml:3:4: not valid YAML: found undefined alias"),
        ("a: \x00", "f.yaml:1:4: the character U+0000"),
    ],
)
def test_what_is_wrong_in_any_of_them_is_told_with_its_place(text: str, said: str) -> None:
    with pytest.raises(SpecError) as caught:
        read_documents(text, source="f.yaml")
    assert str(caught.value).startswith(said)
