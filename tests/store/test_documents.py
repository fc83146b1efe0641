"""Documents by id: one namespace's are not another's, and a check sees those of the same name."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from sqlalchemy import Engine

from judge.errors import Conflict, NotFound
from judge.store.documents import Documents, Rivals, StoredDocument
from tests.store.given import BEGAN, Clock

KIND = "recipe"


@pytest.fixture
def documents(engine: Engine, clock: Clock) -> Documents:
    return Documents(engine, clock=clock)


def refuse_rivals(rivals: Rivals) -> None:
    if rivals:
        raise Conflict("the name is taken")


def test_a_stored_document_is_what_was_sent(documents: Documents) -> None:
    sent = {"metrics": [{"name": "µ", "factor": 3.0}], "nothing": None}
    added = documents.add(KIND, "1", sent, namespace="shop", name="soup")
    assert added == StoredDocument(KIND, "shop", "1", "soup", sent, BEGAN, BEGAN)
    assert documents.get(KIND, "1", namespace="shop") == added


def test_a_list_is_a_document_too(documents: Documents) -> None:
    documents.add(KIND, "1", [1, 2], namespace="shop")
    assert documents.get(KIND, "1", namespace="shop").document == [1, 2]


def test_an_id_that_is_taken_is_a_conflict_and_changes_nothing(documents: Documents) -> None:
    first = documents.add(KIND, "1", {"a": 1}, namespace="shop")
    with pytest.raises(Conflict, match="there is a recipe '1' already"):
        documents.add(KIND, "1", {"a": 2}, namespace="shop")
    assert documents.get(KIND, "1", namespace="shop") == first


def test_replacing_keeps_the_time_of_making(documents: Documents, clock: Clock) -> None:
    documents.add(KIND, "1", {"a": 1}, namespace="shop", name="soup")
    clock.forward(60)
    replaced = documents.replace(KIND, "1", {"a": 2}, namespace="shop", name="stew")
    assert (replaced.created_at, replaced.updated_at) == (BEGAN, BEGAN + 60)
    assert (replaced.name, replaced.document) == ("stew", {"a": 2})
    assert documents.get(KIND, "1", namespace="shop") == replaced


CALLS: dict[str, Callable[[Documents, str, str], object]] = {
    "get": lambda documents, kind, place: documents.get(kind, "1", namespace=place),
    "replace": lambda documents, kind, place: documents.replace(kind, "1", {}, namespace=place),
    "delete": lambda documents, kind, place: documents.delete(kind, "1", namespace=place),
}


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize(("kind", "namespace"), [(KIND, "bank"), ("menu", "shop")])
def test_of_another_namespace_or_kind_it_is_not_there(
    documents: Documents, call: str, kind: str, namespace: str
) -> None:
    mine = documents.add(KIND, "1", {"a": 1}, namespace="shop")
    with pytest.raises(NotFound, match=f"there is no {kind} '1'"):
        CALLS[call](documents, kind, namespace)
    assert documents.find(kind, namespace=namespace) == []
    assert documents.get(KIND, "1", namespace="shop") == mine


def test_one_id_may_be_used_in_two_namespaces(documents: Documents) -> None:
    for namespace in ("shop", "bank"):
        documents.add(KIND, "1", {"of": namespace}, namespace=namespace)
    documents.delete(KIND, "1", namespace="bank")
    assert documents.get(KIND, "1", namespace="shop").document == {"of": "shop"}


def test_they_are_listed_in_the_order_in_which_they_came(documents: Documents) -> None:
    for name in "cab":
        documents.add(KIND, name, {}, namespace="shop")
    documents.replace(KIND, "a", {"new": True}, namespace="shop")
    assert [one.id for one in documents.find(KIND, namespace="shop")] == ["c", "a", "b"]


def test_what_is_deleted_is_gone(documents: Documents) -> None:
    documents.add(KIND, "1", {}, namespace="shop")
    documents.delete(KIND, "1", namespace="shop")
    assert documents.find(KIND, namespace="shop") == []
    with pytest.raises(NotFound):
        documents.delete(KIND, "1", namespace="shop")


def test_a_check_sees_the_others_of_the_same_name(documents: Documents) -> None:
    documents.add(KIND, "1", {}, namespace="shop", name="soup", check=refuse_rivals)
    documents.add(KIND, "2", {}, namespace="shop", name="stew", check=refuse_rivals)
    documents.add(KIND, "3", {}, namespace="bank", name="soup", check=refuse_rivals)
    documents.replace(KIND, "1", {"mine": 1}, namespace="shop", name="soup", check=refuse_rivals)
    with pytest.raises(Conflict, match="taken"):
        documents.add(KIND, "4", {}, namespace="shop", name="soup", check=refuse_rivals)
    with pytest.raises(Conflict, match="taken"):
        documents.replace(KIND, "2", {}, namespace="shop", name="soup", check=refuse_rivals)
    assert [one.name for one in documents.find(KIND, namespace="shop")] == ["soup", "stew"]


def test_of_two_who_take_a_name_at_once_one_gets_it(documents: Documents) -> None:
    refused: list[str] = []

    def add(number: int) -> None:
        try:
            documents.add(KIND, str(number), {}, namespace="shop", name="soup", check=refuse_rivals)
        except Conflict:
            refused.append(str(number))

    threads = [threading.Thread(target=add, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 7
    assert len(documents.find(KIND, namespace="shop")) == 1


def test_a_namespace_has_no_more_of_a_kind_than_may_be(documents: Documents) -> None:
    documents.add(KIND, "other", {}, namespace="bank", most=1)
    documents.add("menu", "other", {}, namespace="shop", most=1)
    for document_id in ("1", "2"):
        documents.add(KIND, document_id, {}, namespace="shop", most=2)
    with pytest.raises(Conflict, match="there are 2 of the kind recipe already"):
        documents.add(KIND, "3", {}, namespace="shop", most=2)
    documents.delete(KIND, "1", namespace="shop")
    documents.add(KIND, "3", {}, namespace="shop", most=2)
    assert documents.written(KIND, namespace="shop") == [("2", BEGAN), ("3", BEGAN)]
