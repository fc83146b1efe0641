"""Flagger's webhooks, carried out: rollouts begun, told of and ended, by what is stored alone.

A rollout is one revision (`checksum`) of a Canary under one stored analysis, judged by one run. It
begins at pre-rollout, or at the first later webhook of a revision that is not known;
confirm-rollout never begins one, since the checksum is the previous revision's there. Promises
that every webhook may be repeated, and that no answer waits for Prometheus: the daemon looks, this
reads.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from judge.dialects.flagger.answers import NO, YES, Answer, answer, line
from judge.dialects.flagger.calls import AT_REST, LONGEST_METADATA, Call, Hook, Phase
from judge.errors import StoreError
from judge.spec.resolved import ResolvedAnalysis
from judge.store.rollouts import Rollouts
from judge.store.standing import Standing, Subject

BY = "flagger"
NOTED = Answer(YES, "noted")
LONGEST_MESSAGE = 1000  # characters of an event that are kept
_BEGINS = {Hook.ROLLOUT, Hook.CONFIRM_TRAFFIC_INCREASE, Hook.CONFIRM_PROMOTION}
_BEFORE = {Hook.CONFIRM_ROLLOUT, Hook.PRE_ROLLOUT}
_ASKS = _BEGINS | {Hook.ROLLBACK}


class Analyses(Protocol):
    """The stored analyses, for rollouts."""

    def namespace_of(self, name: str) -> str | None:
        """The namespace that the analysis writes; None where it writes none. Raises NotFound."""

    def of_rollout(
        self, name: str, *, namespace: str, offered: Mapping[str, str]
    ) -> ResolvedAnalysis:
        """The analysis for a rollout. Raises NotFound or SpecError."""


class Hooks:
    """Answers webhooks; safe to use from several threads."""

    def __init__(self, rollouts: Rollouts, analyses: Analyses) -> None:
        self._rollouts = rollouts
        self._analyses = analyses

    def read(self, hook: Hook, analysis: str, call: Call) -> Answer | None:
        """The answer, where it is only to be read; None where `carry_out` has to give it.

        One small statement on indexes. Raises StoreError.
        """
        if hook not in _ASKS:
            return None
        standing = self._rollouts.standing(_subject(analysis, call))
        if standing is None or not standing.is_under_way(call.checksum):
            return None
        found = answer(hook, standing)
        return None if _is_noted(hook, call, standing, found) else found

    def only_tells(self, hook: Hook, analysis: str, call: Call) -> bool:
        """Whether `carry_out` answers `NOTED` whatever comes of it, so that it may come after.

        So it is with an event of a rollout that is known. Raises StoreError.
        """
        if hook is not Hook.EVENT:
            return False
        standing = self._rollouts.standing(_subject(analysis, call))
        return standing is not None and standing.revision == call.checksum

    def carry_out(self, hook: Hook, analysis: str, call: Call) -> Answer:
        """Do what the webhook means, and answer it.

        Raises NotFound and SpecError for an analysis that cannot be used, and StoreError.
        """
        standing = self._rollouts.standing(_subject(analysis, call))
        goes_on = standing is not None and standing.revision == call.checksum
        # A rollout goes on, and ends, by what it began with, whatever became of the file.
        if hook in _BEFORE or not goes_on:
            wanted = self._analyses.namespace_of(analysis)
            if wanted not in (None, call.namespace):
                what = f"{analysis} is for the namespace {wanted}, not for {call.namespace}"
                return Answer(NO, line(what))
        match hook:
            case Hook.CONFIRM_ROLLOUT:
                return self._confirm_rollout(analysis, call)
            case Hook.POST_ROLLOUT:
                return self._end(analysis, call)
            case Hook.EVENT:
                return self._tell(analysis, call)
            case Hook.PRE_ROLLOUT:
                return self._begin(analysis, call)
            case _:
                return self._ask(hook, analysis, call, standing)

    def _confirm_rollout(self, analysis: str, call: Call) -> Answer:
        """Whether a rollout could be judged. Of which revision is not known yet."""
        self._resolved(analysis, call)
        if call.phase in AT_REST:
            by = f"{BY}: {call.phase}, a new revision is about to begin"
            self._rollouts.end(_subject(analysis, call), revision=None, by=by, promoted=True)
        return Answer(YES, line(f"{analysis} can judge it"))

    def _begin(self, analysis: str, call: Call) -> Answer:
        """Begin, or begin anew: traffic is at 0 here, so what was seen before is worth nothing."""
        run_id, new = self._start(analysis, call, renew=True)
        return Answer(YES, line(f"{'begun' if new else 'under way'} (run {run_id})"))

    def _ask(self, hook: Hook, analysis: str, call: Call, standing: Standing | None) -> Answer:
        subject = _subject(analysis, call)
        if standing is None or not standing.is_under_way(call.checksum):
            if hook not in _BEGINS:
                return Answer(NO, "no rollback: no rollout of this revision is under way")
            self._start(analysis, call, renew=False)
            standing = self._rollouts.standing(subject)
        if standing is None or not standing.is_under_way(call.checksum):
            return Answer(NO, "another revision has begun meanwhile")
        if _changes_waiting(hook, call, standing):
            self._rollouts.set_waiting(subject, call.checksum, waiting=not standing.waiting)
        found = answer(hook, standing)
        if _rolls_back(hook, found) and self._was_rolled_back(subject, call):
            return Answer(NO, "no rollback: it failed before, and was rolled back; judged anew")
        return found

    def _was_rolled_back(self, subject: Subject, call: Call) -> bool:
        """A failure that is stored stands, even where nothing can be written any more."""
        try:
            return not self._rollouts.asks_rollback(subject, call.checksum)
        except StoreError:
            return False

    def _end(self, analysis: str, call: Call) -> Answer:
        ended = self._rollouts.end(
            _subject(analysis, call),
            revision=call.checksum,
            by=f"{BY}: {call.phase or Hook.POST_ROLLOUT}",
            promoted=call.phase == Phase.SUCCEEDED,
        )
        return Answer(YES, "ended" if ended else "no rollout of this revision was under way")

    def _tell(self, analysis: str, call: Call) -> Answer:
        data = {
            "from": BY,
            "message": line(call.metadata.get("eventMessage", ""))[:LONGEST_MESSAGE],
            "type": call.metadata.get("eventType", "")[:LONGEST_MESSAGE],
            "phase": call.phase,
        }
        self._rollouts.tell(_subject(analysis, call), call.checksum, data)
        return NOTED

    def _start(self, analysis: str, call: Call, *, renew: bool) -> tuple[str, bool]:
        return self._rollouts.begin(
            _subject(analysis, call),
            call.checksum,
            self._resolved(analysis, call),
            key=f"{BY}/{call.name}/{call.checksum}",
            by=BY,
            renew=renew,
        )

    def _resolved(self, analysis: str, call: Call) -> ResolvedAnalysis:
        offered = {
            name: text for name, text in call.metadata.items() if len(text) <= LONGEST_METADATA
        }
        offered |= {"name": call.name, "namespace": call.namespace}
        return self._analyses.of_rollout(analysis, namespace=call.namespace, offered=offered)


def _subject(analysis: str, call: Call) -> Subject:
    return Subject(analysis, call.namespace, call.name)


def _changes_waiting(hook: Hook, call: Call, standing: Standing) -> bool:
    """Whether the webhook tells that Flagger has come to the promotion, or is not there any more.

    A blue/green rollout of one iteration goes back to pre-rollout while it waits for its promotion;
    what was seen so far counts there, as it does not where pre-rollout comes again before.
    """
    if hook is Hook.CONFIRM_PROMOTION:
        return not standing.waiting
    waits = call.phase == Phase.WAITING_PROMOTION
    return hook is Hook.ROLLBACK and waits is not standing.waiting


def _rolls_back(hook: Hook, found: Answer) -> bool:
    return hook is Hook.ROLLBACK and found.status == YES


def _is_noted(hook: Hook, call: Call, standing: Standing, found: Answer) -> bool:
    """Whether something is to be written down with the answer."""
    return _changes_waiting(hook, call, standing) or _rolls_back(hook, found)
