"""What a route needs of its caller: a role, and the sight of a run."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.exceptions import HTTPException

from judge.api.context import Shared
from judge.api.principal import Principal, Role
from judge.store.run import Run
from judge.store.runs import unknown_run

_bearer = HTTPBearer(
    auto_error=False,
    description="A token of the server's token file. Without such a file the server listens on "
    "loopback and needs none.",
)


class Needs:
    """A dependency: the caller, who has at least ``role``. 403 where not."""

    def __init__(self, role: Role) -> None:
        self._role = role

    async def __call__(
        self,
        request: Request,
        _declared: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)],
    ) -> Principal:
        """The `Principal` that the door let in."""
        principal: Principal = request.state.principal
        if not principal.role.includes(self._role):
            raise HTTPException(
                403,
                f"the token {principal.name} has the role {principal.role}; "
                f"this needs {self._role}",
            )
        return principal


Viewer = Annotated[Principal, Depends(Needs(Role.VIEW))]
Asker = Annotated[Principal, Depends(Needs(Role.JUDGE))]
Operator = Annotated[Principal, Depends(Needs(Role.OPERATE))]


def visible_run(run_id: str, context: Shared, viewer: Viewer) -> Run:
    """The run, if the caller may see it: another namespace's is as absent as none."""
    run = context.runs.get(run_id)
    if not viewer.sees(run.namespace):
        raise unknown_run(run_id)
    return run


SeenRun = Annotated[Run, Depends(visible_run)]
