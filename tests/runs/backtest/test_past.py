"""The past is read once and in parts, and left on the disk for who goes on."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from judge.errors import SourceUnavailable
from judge.runs.backtest.past import PART, Past
from judge.spec.resolved import ResolvedAnalysis
from judge.stats.samples import Count, Interval
from tests.store.given import analysis

UNTIL = 1_700_000_040.0
STEP = 60.0


class Counting:
    """Numbers its intervals by when they begin, and notes what was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[float, float]] = []

    def read(
        self,
        analysis: ResolvedAnalysis,
        *,
        start: float,
        end: float,
        step: float,
        tracks: Sequence[str],
        thorough: bool,
    ) -> list[Interval]:
        self.asked.append((start, end))
        assert (list(tracks), thorough) == (["baseline"], False)
        return [one(start + i * step) for i in range(round((end - start) / step))]

    def scrape_interval(self, analysis: ResolvedAnalysis, *, at: float) -> float | None:
        return None


def one(start: float) -> Interval:
    events = {"errors": {"baseline": {"pod": Count(start / 7.0, start)}}}
    return Interval(start, start + STEP, events, {"baseline": 0.9})


def past(source: Counting, folder: Path | None = None) -> Past:
    return Past(analysis(history=7200.0), source, until=UNTIL, folder=folder)


def test_any_stretch_is_what_the_source_has_of_it() -> None:
    found = past(Counting()).between(UNTIL - 500 * STEP, UNTIL - 100 * STEP)
    assert [each.start for each in found] == [UNTIL - back * STEP for back in range(500, 100, -1)]
    assert all(each.samples["errors"]["baseline"]["pod"].total == each.start for each in found)
    assert all(each.weights == {} for each in found)


def test_nothing_is_read_twice_whoever_asks() -> None:
    source = Counting()
    read = past(source)
    for back in range(600, 0, -50):
        read.between(UNTIL - back * STEP, UNTIL - (back - 40) * STEP)
    assert len(source.asked) == 2
    assert all(end - start == PART * STEP for start, end in source.asked)


def test_the_memory_is_bounded() -> None:
    source = Counting()
    read = past(source)
    for back in range(20 * PART, 0, -PART):
        read.between(UNTIL - back * STEP, UNTIL - (back - 1) * STEP)
    assert len(source.asked) == 20
    assert len(read._parts) <= 4
    read.between(UNTIL - STEP, UNTIL)
    assert len(source.asked) == 20


def test_what_was_left_is_read_bit_for_bit(tmp_path: Path) -> None:
    first = past(Counting(), tmp_path / "samples").between(UNTIL - 400 * STEP, UNTIL)
    source = Counting()
    again = past(source, tmp_path / "samples").between(UNTIL - 400 * STEP, UNTIL)
    assert source.asked == []
    assert again == first


@pytest.mark.parametrize("broken", [b"", b"\x1f\x8bnonsense", b"[]"])
def test_a_part_that_is_broken_is_read_again(tmp_path: Path, broken: bytes) -> None:
    past(Counting(), tmp_path).between(UNTIL - STEP, UNTIL)
    (file,) = tmp_path.iterdir()
    file.write_bytes(broken)
    source = Counting()
    found = past(source, tmp_path).between(UNTIL - STEP, UNTIL)
    assert len(source.asked) == 1
    assert found[0].samples == one(UNTIL - STEP).samples


def test_what_cannot_be_read_is_the_sources_own_error(tmp_path: Path) -> None:
    class Silent(Counting):
        def read(self, *_: object, **__: object) -> list[Interval]:
            raise SourceUnavailable("no answer")

    with pytest.raises(SourceUnavailable, match="no answer"):
        past(Silent(), tmp_path).between(UNTIL - STEP, UNTIL)
    assert list(tmp_path.iterdir()) == []
