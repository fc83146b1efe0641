"""A resolved analysis: everything that a run needs to know, with nothing left to look up.

Owned here: the frozen values that the other rooms work with, once templates are rendered and
limits filled in, and their JSON form, which is stored with the run and put in its evidence.
Not here: reading what a user wrote (`loading`, `analysis`), rendering (`rendering`).
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field

from judge.spec.kayenta_rules import KayentaRules

BASELINE = "baseline"
CANARY = "canary"
SHADOW = "shadow"


class Kind(enum.StrEnum):
    """What a metric yields."""

    PROPORTION = "proportion"
    HISTOGRAM = "histogram"
    GAUGE = "gauge"
    SERIES = "series"  # values at steps, by label set: what Kayenta's judge compares


PARTS = {
    Kind.PROPORTION: ("events", "total"),
    Kind.HISTOGRAM: ("buckets",),
    Kind.GAUGE: ("value",),
    Kind.SERIES: ("values",),
}


class JudgeName(enum.StrEnum):
    """How evidence is judged."""

    SEQUENTIAL = "sequential"
    KAYENTA = "kayenta"  # Netflix's judge, as Kayenta has it: no promise


class Direction(enum.StrEnum):
    """Which change of a metric is a bad one."""

    INCREASE = "increase"
    DECREASE = "decrease"
    EITHER = "either"


class Compare(enum.StrEnum):
    """What of a gauge is compared."""

    LEVEL = "level"  # how high it is
    SLOPE = "slope"  # by what factor it grows in an hour: a leak


class Mode(enum.StrEnum):
    """Whether a verdict is acted on."""

    ENFORCE = "enforce"
    OBSERVE = "observe"


class Reading(enum.StrEnum):
    """How a query's values become a number for an interval."""

    COUNTER = "counter"  # a monotone counter: what it grew by (of a gauge metric: per second)
    GAUGE = "gauge"  # an instant value: what it is at the interval's end
    SERIES = "series"  # any values: all of them, at steps within the interval


@dataclass(frozen=True, slots=True)
class Query:
    """One rendered query: PromQL whose result is summed by pod.

    Of a series it is any PromQL, its result taken by label set: at ``step`` seconds, from
    ``begins`` seconds after the interval's start (before it where that is negative) and for
    ``lasts`` seconds, None for as long as the interval. With ``every``, of which ``step`` is a
    part, Kayenta's judge counts only the values that lie whole multiples of it after the start of
    what is judged.
    """

    expr: str
    reading: Reading = Reading.COUNTER
    step: float = 60.0
    begins: float = 0.0
    lasts: float | None = None
    every: float | None = None


@dataclass(frozen=True, slots=True)
class BasicAuth:
    """HTTP basic authentication; the password comes from a file where one is named."""

    username: str
    password: str = ""
    password_file: str = ""


@dataclass(frozen=True, slots=True)
class Tls:
    """How to trust the server, and who we are to it. Paths of PEM files."""

    ca_file: str = ""
    cert_file: str = ""
    key_file: str = ""
    insecure_skip_verify: bool = False


@dataclass(frozen=True, slots=True)
class PrometheusConfig:
    """Where Prometheus is and how it is spoken to. Timeouts in seconds."""

    address: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    bearer_token_file: str = ""
    basic_auth: BasicAuth | None = None
    tls: Tls = field(default_factory=Tls)
    proxy: str = ""
    timeout: float = 10.0
    replica_labels: tuple[str, ...] = ("prometheus_replica", "__replica__")
    pod_label: str = "pod"


@dataclass(frozen=True, slots=True)
class WeightQuery:
    """Where a track's weight is read at each look: rendered PromQL of one series.

    ``of`` is what all requests are in its unit, 100 for percent.
    """

    expr: str
    of: float = 1.0


@dataclass(frozen=True, slots=True)
class Track:
    """A population of pods under one role.

    ``weight`` is its expected share of requests; where that changes during a run ``weight_query``
    tells it, and ``weight`` is None. Both are None where nobody said.
    """

    selector: str
    weight: float | None = None
    weight_query: WeightQuery | None = None


@dataclass(frozen=True, slots=True)
class Bound:
    """A fixed limit on a track's own value, whatever the baseline does; in the metric's unit.

    Of a proportion the share is bounded, of a histogram the given ``quantile``, of a gauge the mean
    over the track's pods. ``lasting`` is for how many seconds it must be broken (`for`); None where
    nobody said.
    """

    max: float | None = None
    min: float | None = None
    lasting: float | None = None
    quantile: float = 0.99


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric as it is judged.

    ``limit`` and ``worst`` are ratios canary / baseline (above 1 where an increase is bad, below 1
    where a decrease is): of risks for a proportion, slowdowns for a histogram, of levels or growths
    an hour for a gauge. Both are None for a metric that is only held to its ``bound``.
    ``queries[track][part]`` are rendered, parts `PARTS` by kind; empty for a metric that comes from
    a bundle. ``pod_label`` is the label that tells pods apart in this metric's series; "" where it
    is the server's (`PrometheusConfig.pod_label`). ``floor`` is added to both tracks of a gauge
    that can reach 0. With ``better``, the change that is wanted, it is an A/B test: its direction
    is `either`, and ``worst`` is how large a difference matters. ``kayenta`` is how Kayenta's judge
    takes it; None where nobody said.
    """

    name: str
    kind: Kind
    direction: Direction
    limit: float | None
    worst: float | None
    bound: Bound | None = None
    compare: Compare = Compare.LEVEL
    floor: float = 0.0
    unit: str = ""
    weight: float = 1.0
    critical: bool = True
    observe: bool = False
    template: str = ""
    pod_label: str = ""
    better: Direction | None = None
    kayenta: KayentaRules | None = None
    queries: Mapping[str, Mapping[str, Query]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Risk:
    """What the user accepts: probabilities, over a whole run."""

    false_rollback: float = 0.01
    missed_regression: float = 0.05


@dataclass(frozen=True, slots=True)
class ScoreThresholds:
    """Scores, 0 to 100, at or above which a run passes or is marginal."""

    passing: float = 75.0
    marginal: float = 50.0


@dataclass(frozen=True, slots=True)
class Webhook:
    """Something to POST to. ``secret_file`` holds the key that signs it."""

    url: str
    secret_file: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    timeout: float = 10.0


@dataclass(frozen=True, slots=True)
class Actions:
    """What to do, by outcome."""

    on_pass: tuple[Webhook, ...] = ()
    on_fail: tuple[Webhook, ...] = ()
    on_inconclusive: tuple[Webhook, ...] = ()
    on_interval: tuple[Webhook, ...] = ()


@dataclass(frozen=True, slots=True)
class ResolvedAnalysis:
    """An analysis with nothing left to look up. Durations in seconds.

    ``delay`` is None where it is to be found from the scrape interval. ``baseline_offset`` is how
    long before the canary's intervals the baseline's lie; 0 where both run side by side.
    ``early_pass``: a run passes as soon as it is proven good; ``keep_watching``: for how long it is
    looked at after its pass.

    What only Kayenta's judge knows: ``strict`` closes its holes; ``group_weights`` are in percent;
    ``lookback`` is for how long before a look it goes back, 0 for all of the run. ``also_judge`` is
    whose opinion is recorded beside the verdict. ``at_once``: no look waits for its interval's end;
    each is judged on what there is.
    """

    name: str
    metrics: tuple[Metric, ...]
    namespace: str = "default"
    labels: Mapping[str, str] = field(default_factory=dict)
    prometheus: PrometheusConfig = field(default_factory=PrometheusConfig)
    tracks: Mapping[str, Track] = field(default_factory=dict)
    interval: float = 60.0
    duration: float = 1800.0
    warmup: float = 0.0
    delay: float | None = None
    history: float = 28800.0
    baseline_offset: float = 0.0
    mode: Mode = Mode.ENFORCE
    risk: Risk = field(default_factory=Risk)
    score: ScoreThresholds = field(default_factory=ScoreThresholds)
    actions: Actions = field(default_factory=Actions)
    early_pass: bool = False
    keep_watching: float = 0.0
    judge: JudgeName = JudgeName.SEQUENTIAL
    also_judge: JudgeName | None = None
    strict: bool = False
    group_weights: Mapping[str, float] = field(default_factory=dict)
    lookback: float = 0.0
    at_once: bool = False

    @property
    def looks(self) -> int:
        """The number of intervals up to the decision, at most."""
        return max(1, round(self.duration / self.interval))

    @property
    def looks_after(self) -> int:
        """The number of intervals for which a run that has passed is watched on."""
        return round(self.keep_watching / self.interval)

    @property
    def all_looks(self) -> int:
        """The number of intervals of a whole run, at most: what its promise is over."""
        return self.looks + self.looks_after

    @property
    def shift(self) -> int:
        """By how many intervals the baseline lies back; 0 where it runs beside the canary."""
        return round(self.baseline_offset / self.interval)
