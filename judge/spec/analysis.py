"""An analysis as a user writes it: every field, its type and its default.

Owned here: the pydantic models of the Analysis document, but for its metrics (`metrics`), its
server (`server`), its tracks' weights (`weights`) and its actions (`actions`). Promised: what these
models let through is well-formed by itself; what belongs together is checked in `resolving`. Fields
that the grammar has and this version does not judge are known and refused by name. Not here:
reading text (`loading`), the resolved form (`document`), which fields go with which judge
(`judges`).
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Discriminator, Field, Strict, StringConstraints, Tag

from judge.errors import Issue
from judge.spec.actions import ActionsWritten
from judge.spec.fields import (
    LONG,
    SHORT,
    Document,
    Duration,
    ListOf,
    Name,
    PlacedValue,
    Selector,
    Share,
    VariableName,
    VariableValue,
    one_of,
)
from judge.spec.metrics import MetricWritten
from judge.spec.resolved import JudgeName, Mode, Risk, ScoreThresholds
from judge.spec.server import PrometheusWritten
from judge.spec.weights import AnyWeight
from judge.spec.written import Written

API_VERSION = "judge/v1"
KIND = "Analysis"
MOST_METRICS = 200


GroupWeights = dict[
    Annotated[str, StringConstraints(min_length=1)], Annotated[float, Field(ge=0, le=100)]
]


class MetadataWritten(Document):
    """What the analysis is called."""

    name: Name
    """Name of the analysis."""
    namespace: Name | None = None
    """Who may see and start it, and the variable `namespace`. Default: `default`, no variable."""
    labels: dict[str, str] = Field(default_factory=dict)
    """Anything worth finding runs by."""


class TrackWritten(Document):
    """A population of pods under one role."""

    selector: Selector | None = None
    """Label matchers that select the track's series; may name variables."""
    weight: AnyWeight | None = None
    """Expected share of requests, or where it is read; recorded with each look."""
    variables: dict[VariableName, PlacedValue] = Field(default_factory=dict)
    """Variables for this track alone; may name those of the spec."""


class TracksWritten(Document):
    """The roles; a canary, a shadow or both are compared with the baseline."""

    baseline: TrackWritten
    """What runs now."""
    canary: TrackWritten | None = None
    """What is to be released; it answers a part of the requests."""
    shadow: TrackWritten | None = None
    """What is to be released; it gets copies of requests and answers nobody."""


class RiskWritten(Document):
    """What the user accepts, over a whole run."""

    false_rollback: Annotated[Share, Field(gt=0, le=0.5)] = 0.01
    """Probability that a good release is rolled back, at most. Up to 50%."""
    missed_regression: Annotated[Share, Field(gt=0, le=0.5)] = 0.05
    """Probability that a regression of `worst` is passed as proven, at most. Up to 50%."""

    def resolved(self) -> Risk:
        """The same, inside."""
        return Risk(self.false_rollback, self.missed_regression)


class ScoreWritten(Document):
    """Scores, 0 to 100, that decide about metrics that are not critical."""

    passing: Annotated[float, Field(alias="pass", ge=0, le=100)] = 75.0
    """At its end, a run with this score or more passes."""
    marginal: Annotated[float, Field(ge=0, le=100)] = 50.0
    """Below it a run fails; from here up to `pass` it ends inconclusive."""

    def resolved(self) -> ScoreThresholds:
        """The same, inside."""
        return ScoreThresholds(self.passing, self.marginal)


class SpecFields(ActionsWritten):
    """What a spec has in every form of it."""

    later: ClassVar[frozenset[str]] = frozenset({"stages"})

    prometheus: (
        Annotated[
            Annotated[str, Tag(SHORT)] | Annotated[PrometheusWritten, Tag(LONG)],
            Discriminator(one_of),
        ]
        | None
    ) = None
    """The server, or its name in the settings. Default: the settings' server `default`."""
    variables: dict[VariableName, VariableValue] = Field(default_factory=dict)
    """Variables for templates, selectors and tracks."""
    inputs: ListOf[VariableName] = ()
    """Names of variables that a caller may set."""
    interval: Duration = 60.0
    """Time between two looks; 1s or more."""
    warmup: Duration = 0.0
    """What is ignored at the start."""
    delay: Duration | None = None
    """How long samples settle before a look. Default: one scrape interval, found by itself."""
    history: Duration | None = None
    """The past to calibrate on. Default: 8h, or 16 runs if longer; `judge: kayenta` needs none."""
    baseline_offset: Duration | None = None
    """Before/after: the baseline is read that long ago. Default: beside the canary."""
    judge: Annotated[JudgeName, Strict(False)] = JudgeName.SEQUENTIAL
    """How evidence is judged: by our own test, or as Kayenta's judge does."""
    also_judge: Literal["kayenta"] | None = None
    """Another judge, whose opinion is recorded at each look and decides nothing."""
    strict: bool = False
    """Of Kayenta's judge: close the holes by which it passes what it could not judge."""
    group_weights: GroupWeights = Field(default_factory=dict)
    """Of Kayenta's judge: the groups' weights in percent; others share what is left."""
    lookback: Duration = 0.0
    """Of Kayenta's judge: how far back from its end a look goes. Default: to the run's start."""
    mode: Annotated[Mode, Strict(False)] = Mode.ENFORCE
    """`observe` judges, records and notifies, and acts on nothing."""
    risk: RiskWritten = RiskWritten()
    """What is accepted, over the whole run and all metrics."""
    score: ScoreWritten = ScoreWritten()
    """Where the score (the weight of metrics that did not fail, in percent) decides."""
    early_pass: bool = False
    """Pass before the end, at the first look at which every critical metric is proven."""
    keep_watching: Duration = 0.0
    """How long a run that has passed is looked at, and can still fail; at least one interval."""

    def issues(self, written: Written) -> list[Issue]:
        """What does not go together among these fields."""
        issues = self.action_issues(written, ("spec",))
        if self.score.marginal > self.score.passing:
            message = f"must not be above pass ({self.score.passing:g}); lower it"
            issues.append(written.issue(("spec", "score", "marginal"), message))
        return issues


class SpecWritten(SpecFields):
    """What is compared, when, at what risk, and what follows."""

    tracks: TracksWritten
    """Who is compared: a baseline with a canary, a shadow, or both."""
    duration: Duration = 1800.0
    """Length of a run after the warm-up; at least one interval, at most 11000."""
    metrics: Annotated[ListOf[MetricWritten], Field(min_length=1, max_length=MOST_METRICS)]
    """What is compared."""


class AnalysisWritten(Document):
    """An analysis: what is compared, when, at what risk, and what follows."""

    api_version: Literal["judge/v1"]
    """Version of this grammar."""
    kind: Literal["Analysis"]
    """What the document is."""
    metadata: MetadataWritten
    """Its name, and what else it is found by."""
    spec: SpecWritten
    """What it says."""
