"""What a request is answered that Judge breaks off, by a fault of its own or because it stops.

To Flagger an error is a failed check, and some of those roll a release back. So a webhook that was
let in is answered as by somebody who cannot tell: what must not be let through is not, and nothing
is held against the revision. Everything else is refused.
"""

from __future__ import annotations

from fastapi import Response
from fastapi.responses import PlainTextResponse
from starlette.types import Scope

from judge.api.problems import refusal
from judge.dialects.flagger.answers import in_doubt
from judge.dialects.flagger.calls import Hook


def broken_off(
    scope: Scope, status: int, detail: str, *, headers: dict[str, str] | None = None
) -> Response:
    """The answer: ``status`` and ``detail``, unless it is a webhook's, which holds."""
    hook = _webhook(scope)
    if hook is None:
        return refusal(scope["path"], status, detail, headers=headers)
    answer = in_doubt(hook, f"Judge cannot tell: {detail}")
    return PlainTextResponse(answer.text, status_code=answer.status)


def _webhook(scope: Scope) -> Hook | None:
    """Which of Flagger's webhooks was let in; None where it was nobody's, or something else."""
    let_in = scope.get("state", {}).get("principal") is not None
    match scope["path"].split("/"):
        case ["", "flagger", _, name] if let_in and scope["method"] == "POST" and name in set(Hook):
            return Hook(name)
    return None
