"""What a query is taken apart into says what the query says, on any data of a real Prometheus.

Queries are drawn from a grammar, those that must stay levels among them; the counters restart, come
late, stand still and are missing. Each query is asked as it is, and again as its shape puts it.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence

import httpx
import numpy as np
import pytest

from judge.spec.promql_shapes import Level, Mean, Quantile, Ratio, Shape, shape_of
from tests.servers.exposition import Series
from tests.servers.prometheus import backfilled

pytestmark = pytest.mark.xdist_group("prometheus")

END, SCRAPE, TICKS = 1_700_002_800, 15, 240
STEP = 120
BOUNDS = ("0.1", "0.5", "2.5", "+Inf")
FUNCTIONS = ("rate", "increase", "irate")


def grown(
    rng: np.random.Generator, mean: float, *, restarts: bool, late: bool
) -> list[tuple[float, float]]:
    """A counter's samples: still for a while, restarted or born late where that is asked."""
    steps = rng.poisson(mean, TICKS) * (rng.random(TICKS) < 0.8)
    steps[TICKS // 3 : TICKS // 2] = 0
    values = np.cumsum(steps) + (0 if late else 1000)
    if restarts:
        at = int(rng.integers(TICKS // 2, TICKS))
        values[at:] -= values[at] - 3
    times = END - SCRAPE * np.arange(TICKS)[::-1]
    first = int(rng.integers(TICKS // 4, TICKS // 2)) if late else 0
    return list(zip(times[first:].tolist(), values[first:].tolist(), strict=True))


def everything() -> list[Series]:
    """Requests, failures and latencies of two applications; some codes are never seen."""
    rng = np.random.default_rng(6)
    found = []
    for app, pod in itertools.product(("a", "b"), ("1", "2")):
        labels = {"app": app, "pod": f"{app}-{pod}"}
        for code in ("200", "404", "500") if app == "a" else ("200",):
            samples = grown(rng, 20, restarts=pod == "2", late=code == "500")
            found.append(Series("http_total", {**labels, "code": code}, samples))
        found.append(Series("failures_total", labels, grown(rng, 2, restarts=False, late=False)))
        times, counts = zip(*grown(rng, 30, restarts=False, late=False), strict=True)
        for i, bound in enumerate(BOUNDS):
            part = [float(int(one * (i + 1) / len(BOUNDS))) for one in counts]
            within = list(zip(times, part, strict=True))
            found.append(Series("t_seconds_bucket", {**labels, "le": bound}, within))
        found.append(Series("t_seconds_count", labels, list(zip(times, counts, strict=True))))
        total = [one * 0.3 for one in counts]
        found.append(Series("t_seconds_sum", labels, list(zip(times, total, strict=True))))
    return found


class Drawn:
    """Draws queries, each with the function that its counters are read by."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)

    def one(self, *of: str) -> str:
        return str(self.rng.choice(of))

    def query(self) -> tuple[str, str]:
        function, window = self.one(*FUNCTIONS), self.one("1m", "5m")
        form = self.rng.random()
        if form < 0.15:
            return function, self.quantile(function, window)
        if form < 0.25:
            return function, self.mean(function, window)
        expr = self.quotient(function, window)
        for _ in range(int(self.rng.integers(0, 4))):
            expr = self.wrapped(expr)
        return function, expr

    def sum(self, function: str, window: str, selector: str, by: str = "") -> str:
        return f"sum{by}({function}({selector}[{window}]))"

    def quotient(self, function: str, window: str) -> str:
        app = self.one('app="a"', 'app="b"', 'app=~"a|b"', 'app="none"')
        more = self.one(
            'code=~"5.."', 'code!~"5.."', 'code="404"', 'code!="200"', 'code=~"2..|4.."', 'code=""'
        )
        by = self.one("", "", "", " by (app)", " by (code)", " by ()")
        total = self.sum(function, window, f"http_total{{{app}}}", by)
        part = self.sum(function, window, f"http_total{{{app}, {more}}}", by)
        if self.rng.random() < 0.15:
            part = self.sum(function, window, f"failures_total{{{app}}}", by)
        if self.rng.random() < 0.15:
            part = self.sum(function, window, f"http_total{{{more}}}", by)
        part = self.one(*[part] * 3, f"({part} or vector(0))", f"({part} or on() vector(0))",
                        f"({part} > 0)")  # fmt: skip
        above = self.one(part, part, f"({total} - {part})", f"({part} - {total})")
        below = self.one(*[total] * 3, f"({total} > 0)", f"clamp_min({total}, 0.001)",
                         f"clamp_min({total}, 1)", f"({total} or vector(1))",
                         f"({total} + {part})")  # fmt: skip
        operator = self.one("/", "/", "/ on()", "/ ignoring(code)")
        return f"{above} {operator} {below}"

    def wrapped(self, expr: str) -> str:
        return self.one(
            f"({expr}) * 100", f"100 * ({expr})", f"1 - ({expr})", f"100 - ({expr})",
            f"({expr}) / 2", f"-({expr})", f"({expr}) - 1", f"clamp_max({expr}, 1)",
            f"clamp_min({expr}, 0)", f"clamp({expr}, 0, 100)", f"({expr}) or vector(0)",
            f"({expr}) or vector(1)", f"max({expr})", f"sum({expr})", f"({expr}) > 0",
            f"avg by (app) ({expr})", f"1 / ({expr})",
        )  # fmt: skip

    def quantile(self, function: str, window: str) -> str:
        q = self.one("0.5", "0.9", "0.99")
        app = self.one("", 'app="a"', 'app="none"')
        by = self.one(" by (le)", " by (le)", " by (le, app)", "")
        buckets = self.sum(function, window, f"t_seconds_bucket{{{app}}}", by)
        return self.one("", "1000 * ", "2 * max") + f"(histogram_quantile({q}, {buckets}))"

    def mean(self, function: str, window: str) -> str:
        app = self.one("", 'app="a"', 'app="none"')
        parts = [self.sum(function, window, f"t_seconds_{part}{{{app}}}") for part in
                 ("sum", "count")]  # fmt: skip
        return " / ".join(parts) + self.one("", " * 1000", " + 1")


class Asked:
    """Asks a Prometheus for the values of a query that yields one series, by time."""

    def __init__(self, client: httpx.Client) -> None:
        self.client = client

    def __call__(self, expr: str) -> dict[float, float]:
        said = {
            "query": expr, "start": END - (TICKS - 30) * SCRAPE, "end": END, "step": STEP,
        }  # fmt: skip
        answer = self.client.post("/api/v1/query_range", data=said).json()
        assert answer["status"] == "success", (expr, answer)
        result = answer["data"]["result"]
        assert len(result) <= 1, expr
        return {at: float(value) for one in result for at, value in one["values"]}

    def shape(self, shape: Shape, function: str) -> dict[float, float]:
        """The values that the shape says."""
        match shape:
            case Ratio():
                events = self.summed(function, shape.window, shape.events)
                total = self.summed(function, shape.window, shape.total)
                shares = {at: over(events.get(at, 0.0), one) for at, one in total.items()}
                return {
                    at: shape.offset + shape.scale * share
                    for at, share in shares.items()
                    if not math.isnan(share)
                }
            case Mean():
                above = self.summed(function, shape.window, shape.sum)
                below = self.summed(function, shape.window, shape.count)
                return {at: shape.scale * above[at] / one for at, one in below.items() if one}
            case Quantile():
                read = f"{function}({shape.buckets}[{shape.window}])"
                found = self(f"histogram_quantile({shape.q}, sum by (le) ({read}))")
                return {at: shape.scale * one for at, one in found.items()}
            case Level():
                raise AssertionError(shape)

    def summed(self, function: str, window: str, selector: str) -> dict[float, float]:
        return self(f"sum({function}({selector}[{window}]))")


def over(one: float, other: float) -> float:
    return one / other if other else math.copysign(math.inf, one) if one else math.nan


def same(one: float, other: float) -> bool:
    return math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-9)


def differences(
    said: dict[float, float], shaped: dict[float, float], idle: float | None
) -> Sequence[object]:
    """Where the query has a value, and the shape says another."""
    found: list[object] = []
    for at, value in said.items():
        if at in shaped:
            if not same(value, shaped[at]) and not math.isnan(value):
                found.append((at, value, shaped[at]))
        elif not math.isnan(value) and (idle is None or not same(value, idle)):
            found.append((at, value, "no traffic"))
    return found


@pytest.fixture(scope="module")
def ask(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asked]:
    with (
        backfilled(tmp_path_factory.mktemp("shapes"), everything()) as address,
        httpx.Client(base_url=address, timeout=10) as client,
    ):
        yield Asked(client)


def test_a_shape_says_what_its_query_says(ask: Asked) -> None:
    drawn = Drawn(2026)
    kinds: dict[str, int] = {}
    compared = 0
    for _ in range(800):
        function, expr = drawn.query()
        shape = shape_of(expr)
        kinds[type(shape).__name__] = kinds.get(type(shape).__name__, 0) + 1
        if isinstance(shape, Level):
            continue
        said = ask(expr)
        compared += len(said)
        idle = shape.idle if isinstance(shape, Ratio) else None
        assert not differences(said, ask.shape(shape, function), idle), (expr, shape)
    assert kinds["Ratio"] > 150
    assert kinds["Quantile"] > 60
    assert kinds["Mean"] > 40
    assert compared > 4000
