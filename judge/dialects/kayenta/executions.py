"""Executions: runs that were asked for in Kayenta's terms, started and told of in them.

Promises that starting one only writes it down, so that the answer never waits for a Prometheus,
and that of a run of another kind, or in a namespace that the caller does not see, as little is
known as of none. Not here: what the answers say (`canary_answers`, `standalone_answers`).
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from judge.dialects.kayenta.asked import Asked, ExecutionKind, asked_of, kept
from judge.dialects.kayenta.canary_answers import canary_answer
from judge.dialects.kayenta.execution_ids import execution_id_of, unknown_execution
from judge.dialects.kayenta.judgements import by_hand, judgements
from judge.dialects.kayenta.pair_lists import Pairs, pair_list
from judge.dialects.kayenta.requests import Execution
from judge.dialects.kayenta.standalone_answers import standalone_answer
from judge.errors import Conflict, NotFound
from judge.store.run import Command, Run, RunState
from judge.store.runs import Runs

Sees = Callable[[str], bool]
"""Whether the caller sees a namespace."""


class Executions:
    """The executions among ``runs``. ``clock`` gives Unix seconds."""

    def __init__(self, runs: Runs, *, clock: Callable[[], float]) -> None:
        self._runs = runs
        self._clock = clock

    def start(self, execution: Execution) -> str:
        """Start it; the id to ask by."""
        run, _ = self._runs.start(
            execution.analysis, started_at=execution.started_at, request=kept(execution.asked)
        )
        return run.id

    def cancel(self, execution_id: str, *, sees: Sees, by: str) -> None:
        """End it, with nothing set off; one that has ended stays as it is. Raises NotFound."""
        run, _ = self._found(execution_id, execution_id, sees)
        with suppress(Conflict):  # too late
            self._runs.steer(run.id, Command.CANCEL, by=by)

    def canary(self, execution_id: str, *, sees: Sees) -> dict[str, Any]:
        """The answer about a canary, or about one judgement of an analysis. Raises NotFound."""
        part = execution_id_of(execution_id)
        run, asked = self._found(execution_id if part is None else part.run, execution_id, sees)
        wanted = ExecutionKind.CANARY if part is None else ExecutionKind.STANDALONE
        number = 1 if part is None else part.number
        if asked.kind is not wanted or number > _begun(run):
            raise unknown_execution(execution_id)
        holes = self._holes(run, asked)
        told = judgements(run, self._runs.looks(run.id, only=number - 1), holes)
        said = told[0] if told else None
        return canary_answer(run, asked, said, number=number, hole=number - 1 in holes)

    def standalone(self, execution_id: str, *, sees: Sees) -> dict[str, Any]:
        """The answer about a standalone analysis. Raises NotFound.

        While it goes on what its judgements said is not read: it is not told before the end.
        """
        run, asked = self._found(execution_id, execution_id, sees)
        if asked.kind is not ExecutionKind.STANDALONE:
            raise unknown_execution(execution_id)
        looks = [] if run.state.active else self._runs.looks(run.id)
        told = judgements(run, looks, self._holes(run, asked) if looks else {})
        ended = by_hand(run, looks[-1] if looks else None)
        return standalone_answer(run, asked, told, by_hand=ended, now=self._clock())

    def pair_list(self, pair_list_id: str, *, sees: Sees) -> Pairs:
        """The values that a judgement was made on, by its id. Raises NotFound."""
        part = execution_id_of(pair_list_id)
        if part is None:
            raise unknown_execution(pair_list_id)
        run, _ = self._found(part.run, pair_list_id, sees)
        if part.number > run.next_index:
            raise unknown_execution(pair_list_id)
        return pair_list(run, self._runs.samples(run.id, upto=part.index), number=part.number)

    def _holes(self, run: Run, asked: Asked) -> dict[int, str]:
        """Why looks read nothing; the server goes by its account's name, its address is ours."""
        address = run.analysis.prometheus.address.partition("?")[0].rstrip("/")
        return {
            index: why.replace(f"at {address}", asked.metrics_account).replace(
                address, asked.metrics_account
            )
            for index, why in self._runs.holes(run.id).items()
        }

    def _found(self, run_id: str, told: str, sees: Sees) -> tuple[Run, Asked]:
        """The run and what was asked; ``told`` is what the caller called it."""
        try:
            run = self._runs.get(run_id)
            asked = asked_of(self._runs.request(run_id)) if sees(run.namespace) else None
        except NotFound as exc:
            raise unknown_execution(told) from exc
        if asked is None:
            raise unknown_execution(told)
        return run, asked


def _begun(run: Run) -> int:
    """How many judgements have been begun; the first is from the start."""
    goes_on = run.state.active or run.state is RunState.CANCELLED
    return max(1, run.next_index + 1 if goes_on else run.next_index)
