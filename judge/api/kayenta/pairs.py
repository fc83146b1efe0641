"""``/kayenta/metricSetPairList``: the values that judgements are made on, of runs or sent."""

from __future__ import annotations

import uuid
from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends
from pydantic import JsonValue

from judge.api.callers import Asker, Operator, Viewer
from judge.api.context import Context, Shared
from judge.api.kayenta.accounts import AnyStore
from judge.api.kayenta.callers import Home
from judge.api.kayenta.executing import Found
from judge.api.kayenta.execution_examples import PAIRS, PAIRS_LISTED, PAIRS_STORED, SENT_PAIRS
from judge.api.kayenta.problems import KayentaRoute, answered, declared
from judge.api.principal import Principal
from judge.dialects.kayenta.execution_ids import execution_id_of
from judge.dialects.kayenta.executions import Executions
from judge.dialects.kayenta.instants import instant_text, millis
from judge.dialects.kayenta.pair_lists import read_pairs
from judge.errors import NotFound

KIND = "metric set pair list"
MOST = 1000
"""Lists that a namespace can have: whoever may judge may store them."""

router = APIRouter(prefix="/kayenta/metricSetPairList", tags=["kayenta"], route_class=KayentaRoute)


class PairLists:
    """The lists that a caller can see: of judgements, by their ids, and those that were stored."""

    def __init__(
        self, context: Context, executions: Executions, viewer: Principal, home: str
    ) -> None:
        self._documents = context.documents
        self._executions = executions
        self._viewer = viewer
        self._home = home

    def get(self, pair_list_id: str) -> list[dict[str, Any]]:
        """The list. Raises NotFound."""
        if execution_id_of(pair_list_id) is not None:
            return self._executions.pair_list(pair_list_id, sees=self._viewer.sees)
        found = self._documents.get(KIND, pair_list_id, namespace=self._home).document
        return list(found)


def pair_lists(context: Shared, executions: Found, viewer: Viewer, home: Home) -> PairLists:
    """The lists."""
    return PairLists(context, executions, viewer, home)


Lists = Annotated[PairLists, Depends(pair_lists)]


@router.get(
    "",
    response_model=None,
    responses={**declared(400), 200: answered("All stored", PAIRS_LISTED, of="array")},
)
def list_pair_lists(
    _viewer: Viewer,
    home: Home,
    context: Shared,
    accountName: AnyStore = None,  # noqa: N803
) -> list[dict[str, Any]]:
    """List the lists that were stored; those of judgements go by their execution's answer."""
    return [
        {
            "id": pair_list_id,
            "updatedTimestamp": millis(updated_at),
            "updatedTimestampIso": instant_text(updated_at),
        }
        for pair_list_id, updated_at in context.documents.written(KIND, namespace=home)
    ]


@router.post(
    "",
    response_model=None,
    responses={
        **declared(400, 408, 413, 415),
        200: answered("Where it is stored", PAIRS_STORED),
    },
)
def store_pair_list(
    pairs: Annotated[JsonValue, Body(openapi_examples=SENT_PAIRS)],
    _asker: Asker,
    home: Home,
    context: Shared,
    accountName: AnyStore = None,  # noqa: N803
) -> dict[str, str]:
    """Store a list, to be judged by `POST /judges/judge`."""
    read_pairs(pairs)
    stored = context.documents.add(KIND, str(uuid.uuid4()), pairs, namespace=home, most=MOST)
    return {"metricSetPairListId": stored.id}


@router.get(
    "/{metricSetPairListId}",
    response_model=None,
    responses={**declared(400, 404), 200: answered("The list", PAIRS, of="array")},
)
def get_pair_list(
    metricSetPairListId: str,  # noqa: N803
    lists: Lists,
    accountName: AnyStore = None,  # noqa: N803
) -> list[dict[str, Any]]:
    """One list: of a judgement it is made again of the run's evidence."""
    return lists.get(metricSetPairListId)


@router.get(
    "/{metricSetPairListId}/{metricSetPairId}",
    response_model=None,
    responses={**declared(400, 404), 200: answered("The pair", PAIRS[0])},
)
def get_pair(
    metricSetPairListId: str,  # noqa: N803
    metricSetPairId: str,  # noqa: N803
    lists: Lists,
    accountName: AnyStore = None,  # noqa: N803
) -> dict[str, Any]:
    """One pair of a list."""
    for pair in lists.get(metricSetPairListId):
        if pair.get("id") == metricSetPairId:
            return pair
    raise NotFound(f"the list has no pair {metricSetPairId!r:.100}; get the list to see them")


@router.delete(
    "/{metricSetPairListId}",
    status_code=204,
    response_model=None,
    responses={**declared(400, 404), 204: {"description": "It is gone"}},
)
def delete_pair_list(
    metricSetPairListId: str,  # noqa: N803
    _operator: Operator,
    home: Home,
    context: Shared,
    accountName: AnyStore = None,  # noqa: N803
) -> None:
    """Remove a stored list. Those of judgements go with their runs."""
    context.documents.delete(KIND, metricSetPairListId, namespace=home)
