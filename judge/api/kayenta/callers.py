"""Whose namespace a call under /kayenta is in.

Kayenta knows no namespaces, so its callers name none: a token for one namespace works in that one,
any other in ``default``. Whoever may see several says ``?namespace=`` for another.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Query
from starlette.exceptions import HTTPException

from judge.api.callers import Viewer
from judge.api.principal import Principal

DEFAULT = "default"


def home(
    caller: Viewer,
    namespace: Annotated[
        str | None,
        Query(
            pattern=r"^[A-Za-z0-9]([A-Za-z0-9_.-]*[A-Za-z0-9])?$",
            max_length=128,
            description="Judge's own: the namespace, for a token of several. Default: the token's "
            "only one, else `default`",
        ),
    ] = None,
) -> str:
    """The namespace in which a call stores, finds and starts. 403 where it is not the caller's."""
    wanted = namespace or _own(caller)
    if not caller.sees(wanted):
        names = ", ".join(sorted(caller.namespaces or ()))
        raise HTTPException(
            403,
            f"the token {caller.name} is for {names}, and not for the namespace {wanted}: say "
            "which with ?namespace=, or use a token for one",
        )
    return wanted


def _own(caller: Principal) -> str:
    if caller.namespaces is not None and len(caller.namespaces) == 1:
        return next(iter(caller.namespaces))
    return DEFAULT


Home = Annotated[str, Depends(home)]
