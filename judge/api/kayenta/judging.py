"""``POST /kayenta/judges/judge``: a list of pairs judged while the caller waits."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query

from judge.api.callers import Asker
from judge.api.kayenta.accounts import AnyStore
from judge.api.kayenta.callers import Home
from judge.api.kayenta.configs import Configs
from judge.api.kayenta.execution_examples import JUDGE_RESULT
from judge.api.kayenta.pairs import Lists
from judge.api.kayenta.problems import KayentaRoute, answered, declared
from judge.dialects.kayenta.judging import judge_pairs
from judge.dialects.kayenta.pair_lists import read_pairs
from judge.dialects.kayenta.reading import read_config
from judge.spec.resolved import ScoreThresholds

Threshold = Annotated[float, Query(allow_inf_nan=False)]

router = APIRouter(prefix="/kayenta/judges", tags=["kayenta"], route_class=KayentaRoute)


@router.post(
    "/judge",
    response_model=None,
    responses={**declared(400, 404), 200: answered("What the judge says", JUDGE_RESULT)},
)
def judge(
    canaryConfigId: str,  # noqa: N803
    metricSetPairListId: str,  # noqa: N803
    passThreshold: Threshold,  # noqa: N803
    marginalThreshold: Threshold,  # noqa: N803
    _asker: Asker,
    home: Home,
    configs: Configs,
    lists: Lists,
    configurationAccountName: AnyStore = None,  # noqa: N803
    storageAccountName: AnyStore = None,  # noqa: N803
) -> dict[str, Any]:
    """Judge a list of pairs by a stored configuration, as Kayenta would.

    The list is a stored one, or a judgement's. Nothing is queried or stored.
    """
    config = read_config(configs.get(canaryConfigId, namespace=home), prefix="canaryConfig.")
    return judge_pairs(
        config,
        read_pairs(lists.get(metricSetPairListId)),
        ScoreThresholds(passThreshold, marginalThreshold),
    )
