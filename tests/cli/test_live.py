"""A run in the terminal: what is drawn, that it fits, and the plain lines."""

from __future__ import annotations

import io
from typing import Any

import pytest
from rich.console import Console

from judge.cli.live.board import Board, Point, evidence_words, ratio_words
from judge.cli.live.chart import ASCII, UNICODE, beyond, chart, meter
from judge.cli.live.lines import Lines
from judge.cli.live.panel import Boards
from judge.cli.live.screen import Screen, console_on
from judge.store.run import EventType


def metric(estimate: float | None, low: float | None, high: float | None, **more: Any) -> Any:
    return {
        "verdict": "inconclusive",
        "estimate": estimate,
        "low": low,
        "high": high,
        "limit": 1.25,
        "evidence": 1.0,
        "threshold": 4.0,
        "proven": False,
        "reason": "so far",
    } | more


def verdict(**metrics: Any) -> dict[str, Any]:
    return {"verdict": "inconclusive", "reason": "goes on " + "and on " * 40, "metrics": metrics}


def point(estimate: float | None, low: float | None, high: float | None, look: int = 0) -> Point:
    return Point(look, estimate, low, high, 1.25, 1.0, 4.0, "inconclusive", False)


def two_boards(looks: int = 30) -> list[Board]:
    bad, good = Board("bad release", 60, 10.0), Board("good release", 60, 10.0)
    for look in range(looks):
        wide = 8.0 / (look + 1)
        bad.observe(look, verdict(errors=metric(4.0, 4 - wide, 4 + wide), slow=metric(1, 0.9, 1.1)))
        good.observe(
            look, verdict(errors=metric(1.0, None, 1 + wide), slow=metric(None, None, None))
        )
    bad.close(verdict() | {"verdict": "fail", "reason": "errors 4 times the baseline's"})
    return [bad, good]


def drawn(boards: list[Board], *, width: int, height: int, encoding: str = "utf-8") -> list[str]:
    file = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    console = Console(file=file, color_system=None, width=width, height=height)
    console.print(Boards(boards, footer="to be continued"))
    file.seek(0)
    return file.read().splitlines()


@pytest.mark.parametrize(("width", "height"), [(80, 24), (80, 40), (120, 40), (200, 60)])
@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
def test_the_picture_fits_the_terminal(width: int, height: int, encoding: str) -> None:
    lines = drawn(two_boards(), width=width, height=height, encoding=encoding)
    assert len(lines) < height
    assert max(map(len, lines)) <= width
    text = "\n".join(lines)
    assert "bad release" in text
    assert "ROLL BACK" in text
    assert "PROMOTE" not in text
    assert "look 30 of 60, 5:00" in text
    assert "1.0 of 4.0" in text
    assert lines[-1].strip() == "to be continued"


def test_many_metrics_get_a_line_each_where_there_is_no_room_for_more() -> None:
    board = Board("run", 10, 60.0)
    board.observe(0, verdict(**{f"metric-{i}": metric(1.0, 0.9, 1.1) for i in range(12)}))
    lines = drawn([board], width=80, height=24)
    assert len(lines) < 24
    assert sum("1x (0.9 to 1.1)  evidence 1.0 of 4.0" in line for line in lines) == 12


def test_a_proven_metric_says_so_in_full_side_by_side() -> None:
    board = Board("run", 10, 60.0)
    proven = metric(1.0, 0.9, 1.1, proven=True, evidence=0.0, threshold=5.3)
    board.observe(0, verdict(errors=proven, slow=proven))
    (line,) = [one for one in drawn([board], width=104, height=40) if "evidence" in one]
    assert line.count("0.0 of 5.3  proven good") == 2


@pytest.mark.parametrize("height", [24, 40])
def test_kayentas_judge_has_labels_and_no_evidence(height: int) -> None:
    board = Board("run", 10, 60.0)
    said = [{"classification": label} for label in ("Pass", "High", "Pass")]
    nothing = {"evidence": None, "threshold": None, "kayenta": said}
    board.observe(0, verdict(cpu=metric(1.87, None, None, **nothing)))
    text = "\n".join(drawn([board], width=80, height=height))
    assert "cpu  1.87x, Pass, High" in text
    assert "evidence" not in text
    assert "░" not in text
    told: list[str] = []
    Lines([board], write=told.append).show()
    assert told == ["run: look 1 of 10: cpu 1.87x, Pass, High"]


def test_charts_appear_where_there_is_room() -> None:
    assert "●" not in "".join(drawn(two_boards(), width=80, height=24))
    assert "●" in "".join(drawn(two_boards(), width=80, height=40))
    assert "o" * 10 in "".join(drawn(two_boards(), width=80, height=40, encoding="ascii"))


def test_the_chart_puts_the_estimate_on_its_row_and_the_limit_across() -> None:
    points = [point(4.0, 2.0, 8.0, look) for look in range(5)]
    lines = [
        line.plain
        for line in chart(points, looks=10, limit=1.25, width=60, height=9, glyphs=UNICODE)
    ]
    (dotted,) = [line for line in lines if "●" in line]
    assert dotted.startswith("    4x┤●")
    (limit,) = [line for line in lines if "╌" in line]
    assert limit.startswith(" 1.25x┤╌╌╌")
    assert lines.index(dotted) < lines.index(limit)
    assert [line[:8] for line in lines if "░" in line] == [
        "    8x┤░",
        "      ┤░",
        "      ┤░",
        "    2x┤░",
    ]


def test_an_unknown_estimate_is_not_drawn_and_open_ends_reach_the_edge() -> None:
    unknown = chart(
        [point(None, None, None)], looks=10, limit=1.25, width=60, height=5, glyphs=ASCII
    )
    assert not any("o" in line.plain or ":" in line.plain for line in unknown)
    open_ended = chart(
        [point(1.0, None, None)], looks=1, limit=4.0, width=60, height=7, glyphs=ASCII
    )
    assert "".join(line.plain[7:8] for line in open_ended) == "::-:o::"


def test_the_axis_grows_with_what_is_seen() -> None:
    lines = chart([point(50.0, 30.0, 90.0)], looks=4, limit=1.25, width=40, height=9, glyphs=ASCII)
    assert lines[0].plain.startswith("   64x|")


@pytest.mark.parametrize(
    ("low", "high", "limit", "expected"),
    [
        (1.3, 2.0, 1.25, True),
        (1.2, 2.0, 1.25, False),
        (None, 2.0, 1.25, False),
        (0.5, 0.7, 0.8, True),
        (0.5, 0.9, 0.8, False),
        (1.3, 2.0, None, False),
    ],
)
def test_beyond_is_the_whole_interval_past_the_limit(
    low: float | None, high: float | None, limit: float | None, expected: bool
) -> None:
    assert beyond(Point(0, 1.0, low, high, limit, 0.0, 1.0, "inconclusive", False)) is expected


def test_meter_is_full_at_one_and_never_overflows() -> None:
    assert meter(0.5, width=4, glyphs=ASCII) == "##.."
    assert meter(7.0, width=4, glyphs=ASCII) == "####"
    assert meter(-7.0, width=4, glyphs=ASCII) == "...."


def test_words() -> None:
    assert ratio_words(point(3.94, 2.81, 5.42)) == "3.9x (2.8 to 5.4)"
    assert ratio_words(point(1.0, None, None)) == "1x (0 to any)"
    assert ratio_words(point(None, None, None)) == "not known yet"
    assert evidence_words(point(1.0, None, None)) == "1.0 of 4.0"


TESTED = {"value": 0.07, "max": 0.05, "min": None, "evidence": 2.0, "threshold": 5.3}
PLAIN = {"value": None, "max": 9.0, "min": 1.0, "evidence": None, "threshold": None}


@pytest.mark.parametrize(
    ("more", "effect", "evidence"),
    [
        ({"limit": None, "evidence": None, "bound": TESTED}, "0.07 (max 0.05)", "2.0 of 5.3"),
        ({"limit": None, "bound": PLAIN}, "not known yet (min 1, max 9)", "none yet"),
        ({"bound": TESTED, "estimate": 2.0}, "2x (0 to any)", "1.0 of 4.0"),
        ({"bound": None}, "not known yet", "1.0 of 4.0"),
    ],
)
def test_a_metric_held_to_its_bound_alone_shows_the_bound(
    more: dict[str, Any], effect: str, evidence: str
) -> None:
    board = Board("run", 10, 60.0)
    board.observe(0, verdict(errors={**metric(None, None, None), **more}))
    (seen,) = board.points["errors"]
    assert (ratio_words(seen), evidence_words(seen)) == (effect, evidence)
    assert any(effect in line for line in drawn([board], width=80, height=24))


def test_a_board_ignores_a_look_that_it_knows() -> None:
    board = Board("run", 10, 60.0)
    board.observe(0, verdict(errors=metric(1.0, None, None)))
    board.observe(0, verdict(errors=metric(9.0, None, None)))
    assert board.looked == 1
    assert [one.estimate for one in board.points["errors"]] == [1.0]


def test_a_board_keeps_the_shadow_beside_the_canary() -> None:
    canary, shadow = {"errors": metric(1.0, None, None)}, {"errors": metric(2.0, None, None)}
    board = Board("run", 10, 60.0)
    board.observe(
        0,
        verdict(**canary)
        | {"comparisons": {"canary": {"metrics": canary}, "shadow": {"metrics": shadow}}},
    )
    assert set(board.others) == {"shadow"}
    assert board.others["shadow"]["errors"].estimate == 2.0


def test_plain_lines_are_few_and_end_with_the_verdict() -> None:
    said: list[str] = []
    board = Board("run", 60, 10.0)
    lines = Lines([board], write=said.append)
    for look in range(60):
        board.observe(look, verdict(errors=metric(1.0, 0.8, 1.2)))
        lines.show()
    board.close({"verdict": "pass", "reason": "as good as the baseline"})
    lines.show()
    lines.show()
    assert said[0] == "run: look 6 of 60: errors 1x (0.8 to 1.2), evidence 1.0 of 4.0"
    assert said[-1] == "run: PROMOTE: as good as the baseline"
    assert len(said) == 11


def test_a_pipe_gets_lines_and_no_escapes() -> None:
    file = io.StringIO()
    board = Board("run", 1, 10.0)
    with Screen([board], console=Console(file=file, width=80)) as screen:
        board.observe(0, verdict(errors=metric(1.0, 0.8, 1.2)))
        screen.show()
    assert "\x1b" not in file.getvalue()
    assert file.getvalue().startswith("run: look 1 of 1: errors 1x")


def test_force_color_does_not_make_a_terminal_of_a_pipe(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert Console(file=io.StringIO()).is_terminal
    assert not console_on(io.StringIO()).is_terminal


def test_a_dumb_terminal_gets_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "dumb")
    file = io.StringIO()
    board = Board("run", 1, 10.0)
    with Screen([board], console=Console(file=file, force_terminal=True, width=80)) as screen:
        board.observe(0, verdict(errors=metric(1.0, 0.8, 1.2)))
        screen.show()
    assert file.getvalue().startswith("run: look 1 of 1: errors 1x")


def test_a_terminal_is_left_whole_by_an_interruption(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    file = io.StringIO()
    console = Console(file=file, width=80, height=24, force_terminal=True)
    with pytest.raises(KeyboardInterrupt), Screen([Board("run", 1, 10.0)], console=console):
        raise KeyboardInterrupt
    assert file.getvalue().rindex("\x1b[?25h") > file.getvalue().rindex("\x1b[?25l")


def test_a_run_that_is_watched_on_goes_on_after_its_verdict() -> None:
    board = Board("release", 6, 60.0)
    said: list[str] = []
    lines = Lines([board], write=said.append)
    passed = verdict(errors=metric(1.0, 0.5, 1.5)) | {"verdict": "pass", "reason": "all is well"}
    board.take(EventType.LOOKED, {"index": 0, **passed})
    board.take(EventType.PASSED, {"index": 0, "state": "watching", **passed})
    lines.show()
    assert (board.outcome, board.watching, board.ended) == ("pass", True, False)
    assert "watching on" in "\n".join(drawn([board], width=80, height=24))
    failed = passed | {"verdict": "fail", "reason": "it broke"}
    board.take(EventType.LOOKED, {"index": 1, **failed})
    board.take(EventType.FAILED, {"index": 1, "state": "done", **failed})
    lines.show()
    assert (board.outcome, board.watching, board.ended) == ("fail", False, True)
    assert said[1] == "release: PROMOTE: all is well"
    assert said[-1] == "release: ROLL BACK: it broke"


@pytest.mark.parametrize("kind", [EventType.WATCHED, EventType.CANCELLED])
def test_watching_that_is_over_leaves_the_verdict(kind: EventType) -> None:
    board = Board("release", 6, 60.0)
    passed = verdict() | {"verdict": "pass", "reason": "all is well"}
    board.take(EventType.PASSED, {"index": 0, "state": "watching", **passed})
    board.take(kind, {"by": "ada"} if kind is EventType.CANCELLED else {"state": "done", **passed})
    assert (board.outcome, board.ended, board.reason) == ("pass", True, "all is well")
