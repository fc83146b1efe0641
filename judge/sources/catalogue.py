"""What a service exports, as its Prometheus knows it now: names, label values, groups of pods.

Owned here: the questions about series in general, each a query or two however much there is, and
many small questions joined into few queries, so that one that is refused costs no other its
answer. Not here: what the names mean (`judge.spec.suggestion`), an analysis's numbers
(`prometheus`).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from judge.errors import QueryTooLarge, SourceRejected
from judge.sources.answers import NativeHistogram, Series, number
from judge.sources.client import PrometheusClient
from judge.sources.ends import LONGEST_QUERY
from judge.sources.queries import MARK
from judge.sources.selectors import NAME_LABEL

MOST_JOINED = 40
BOUND_LABEL = "le"


@dataclass(frozen=True, slots=True)
class Answer:
    """What one expression yields: the values by the labels that are left, or why there are none."""

    values: tuple[tuple[Mapping[str, str], float], ...] = ()
    refused: str = ""

    @property
    def total(self) -> float:
        """The sum of all values; 0 where there are none."""
        return sum(value for _, value in self.values)


class Catalogue:
    """What the server knows at one moment, ``at`` (Unix seconds). Methods raise `SourceError`."""

    def __init__(self, client: PrometheusClient, *, at: float) -> None:
        self.server = client.name
        self._client = client
        self._at = at

    def names(self, matchers: str, labels: Sequence[str]) -> dict[str, dict[str, frozenset[str]]]:
        """The metric names among the series of ``matchers``: each one's values of ``labels``.

        A label that no series of the name has is missing.
        """
        found: dict[str, dict[str, set[str]]] = {}
        for one, _ in self.groups(matchers, [NAME_LABEL, *labels]):
            values = found.setdefault(one.get(NAME_LABEL, ""), {})
            for label, value in one.items():
                values.setdefault(label, set()).add(value)
        return {
            name: {label: frozenset(some) for label, some in values.items() if label != NAME_LABEL}
            for name, values in found.items()
        }

    def groups(self, matchers: str, labels: Sequence[str]) -> list[tuple[Mapping[str, str], int]]:
        """The series of ``matchers`` by their values of ``labels``, and how many are alike in them.

        A label that a series does not have is missing from its group.
        """
        answer = self._asked(f"count by ({','.join(labels)}) ({{{matchers}}})")
        return [(labels, int(value)) for labels, value in answer.values]

    def buckets(self, expr: str) -> dict[float, float]:
        """What ``expr`` holds up to each bound: a sum by ``le``, or a native histogram.

        A native one has a bound at each edge of its buckets, and infinity. Empty where it yields
        nothing.
        """
        found: dict[float, float] = {}
        for one in self._client.instant(expr, at=self._at).series:
            if one.histogram is not None:
                found |= self._cumulative(one.histogram[1])
            elif one.value is not None and BOUND_LABEL in one.metric:
                bound = number(one.metric[BOUND_LABEL], self.server)
                found[bound] = number(one.value[1], self.server)
        return found

    def _cumulative(self, native: NativeHistogram) -> dict[float, float]:
        counted, so_far = {}, 0.0
        for _, lower, upper, count in native.buckets:
            counted[number(lower, self.server)] = so_far
            so_far += number(count, self.server)
            counted[number(upper, self.server)] = so_far
        return {**counted, math.inf: so_far}

    def ask(self, exprs: Iterable[str]) -> list[Answer]:
        """What each expression yields, in their order; the marks are taken off again."""
        marked = [
            f'label_replace({expr},"{MARK}","{index}","","")' for index, expr in enumerate(exprs)
        ]
        answers: dict[int, Answer] = {}
        for part in _parts(marked):
            answers |= self._joined(part, first=len(answers))
        return [answers[index] for index in range(len(marked))]

    def _joined(self, marked: Sequence[str], *, first: int) -> dict[int, Answer]:
        """The answers of consecutive expressions, the first of them number ``first``."""
        try:
            joined = self._asked(" or ".join(marked))
        except (SourceRejected, QueryTooLarge) as error:
            if len(marked) == 1:
                return {first: Answer(refused=str(error))}
            middle = len(marked) // 2
            sooner = self._joined(marked[:middle], first=first)
            return sooner | self._joined(marked[middle:], first=first + middle)
        values: dict[int, list[tuple[Mapping[str, str], float]]] = {
            first + i: [] for i in range(len(marked))
        }
        for labels, value in joined.values:
            rest = {name: text for name, text in labels.items() if name != MARK}
            values[int(labels[MARK])].append((rest, value))
        return {index: Answer(tuple(found)) for index, found in values.items()}

    def _asked(self, query: str) -> Answer:
        series = self._client.instant(query, at=self._at).series
        return Answer(tuple(_read(series, self.server)))


def _read(series: Iterable[Series], server: str) -> Iterable[tuple[Mapping[str, str], float]]:
    for one in series:
        if one.value is not None:
            yield one.metric, number(one.value[1], server)


def _parts(marked: Sequence[str]) -> Iterable[Sequence[str]]:
    """``marked`` in runs that make a query no longer than servers take."""
    start, length = 0, 0
    for index, one in enumerate(marked):
        if index > start and (length + len(one) > LONGEST_QUERY or index - start == MOST_JOINED):
            yield marked[start:index]
            start, length = index, 0
        length += len(one) + len(" or ")
    if marked:
        yield marked[start:]
