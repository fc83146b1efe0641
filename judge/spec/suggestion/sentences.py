"""The remarks of a proposal: what was found, why a metric was taken, what was left out and why.

Owned here: the words. Not here: where they stand (`draft`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from judge.spec.metric_template import MetricTemplate
from judge.spec.resolved import BASELINE, CANARY, Kind
from judge.spec.suggestion import pod_names
from judge.spec.suggestion.aims import AIMS, aim_of, why_not
from judge.spec.suggestion.choice import Finding, Found

_ADD = "Found besides; add what matters for this service."
_TOO_COARSE = (
    "its buckets are too far apart to test any slowdown; give the histogram bounds at most 2.5 "
    "times apart, or make it a native one."
)
Levels = Mapping[str, float]


def counted(some: Collection[object], noun: str) -> str:
    """How many there are: "1 pod", "2 pods"."""
    return f"{len(some)} {noun}{'' if len(some) == 1 else 's'}"


def chosen_remarks(
    finding: Finding, *, shares: Levels, levels: Levels, bounds: int, limit: float | None
) -> list[str]:
    """Why a metric is proposed and what its template found.

    ``shares`` are the events among all and ``levels`` the means over pods, by track, where they are
    known; ``bounds`` is how many buckets a classic histogram has.
    """
    template = finding.candidate.template
    aim = aim_of(template)
    why = f"{template.name} tells {aim.why if aim else template.description}. "
    remarks = [f"{why}{'; '.join([_found(finding), *_measured(finding, shares, levels)])}."]
    if not (finding.own or finding.podless):
        label = template.pod_label
        others = f"others, by the label {label}" if label else "others"
        remarks.append(f"What it knows as pods are not the service's own but {others}.")
    if template.kind is Kind.HISTOGRAM and limit is not None:
        remarks.append(_testable(bounds, limit))
    return remarks


def _measured(finding: Finding, shares: Levels, levels: Levels) -> Iterator[str]:
    template = finding.candidate.template
    noun = (template.rules.unit or "events").removeprefix("share of ")
    traffic = {track: found.traffic or 0.0 for track, found in finding.tracks.items()}
    if any(traffic.values()):
        events = "requests" if template.kind is Kind.HISTOGRAM else noun
        yield f"{_both(traffic)} {events} a second"
    if shares:
        percent = {track: 100 * share for track, share in shares.items()}
        yield f"{_both(percent)} % of the {noun} bad in the last 5 minutes"
    if levels:
        yield f"{_both(levels)} {noun}{'' if finding.podless else ' a pod'} now"


def _found(finding: Finding) -> str:
    """How many series and pods of both tracks."""
    baseline, canary = (finding.tracks[track] for track in (BASELINE, CANARY))
    if finding.podless:
        return "It is one number for each track, whatever its pods"
    here = f"Found: {_series(baseline)} in the baseline"
    return f"{here}, {_series(canary) if canary.pods else 'and none yet'} in the canary"


def _series(found: Found) -> str:
    return f"{found.series} series of {counted(found.pods, 'pod')}"


def _both(levels: Levels) -> str:
    """The numbers of the tracks, the baseline's first."""
    told = [f"{_number(levels[track])}" for track in (BASELINE, CANARY) if track in levels]
    return " and ".join(told)


def _number(value: float) -> str:
    """Three digits, and no exponent where a person has none."""
    return f"{value:.3g}" if abs(value) < 1000 else f"{value:,.0f}"


def _testable(bounds: int, limit: float) -> str:
    if not bounds:
        return f"A slowdown by {limit:g} is what the buckets of its native histogram can test."
    finer = "; closer buckets or a native histogram could test a smaller one" if limit > 2 else ""
    return f"A slowdown by {limit:g} is what its {bounds} buckets can test{finer}."


def beside(
    best: Mapping[str, Finding],
    findings: Sequence[Finding],
    lacking: Sequence[tuple[MetricTemplate, Sequence[str]]],
    untestable: Sequence[str],
) -> list[str]:
    """What was left out: aims that nothing serves, templates that say the same, and the rest.

    ``lacking`` are the variables that templates with series need; ``untestable`` are the latency
    templates whose buckets can test no limit.
    """
    taken = {one.candidate.template.name for one in best.values()}
    others: dict[str, Finding] = {}
    for one in sorted(findings, key=lambda one: not one.fits):
        if (one.fits or one.refused) and one.candidate.template.name not in taken:
            others.setdefault(one.candidate.template.name, one)
    to_add = [one for one in others.values() if _worth_adding(one)]
    remarks = [*_unserved(best, lacking), *(f"{name}: {_TOO_COARSE}" for name in untestable)]
    remarks += [f"{one.name}: {_lacking(one, some)}." for one, some in lacking]
    remarks += [
        f"{name}: {_left_out(one, best)}." for name, one in others.items() if one not in to_add
    ]
    entries = [
        line
        for one in to_add
        for line in (f"{one.candidate.template.description}:", f"  - {_entry(one)}")
    ]
    return [*_listed("Left out:", remarks), *_listed(_ADD, entries)]


def _listed(title: str, remarks: Sequence[str]) -> list[str]:
    return ["", title, *remarks] if remarks else []


def _unserved(
    best: Mapping[str, Finding], lacking: Sequence[tuple[MetricTemplate, Sequence[str]]]
) -> list[str]:
    """The aims that no template serves, nor could if it got its variables."""
    possible = [aim_of(one) for one, _ in lacking]
    names = [aim.name for aim in AIMS if aim.name not in best and aim not in possible]
    if not names:
        return []
    what = "them" if len(names) > 1 else "it"
    return [
        f"{', '.join(names)}: the service exports nothing that a shipped template for {what} reads."
    ]


def _worth_adding(one: Finding) -> bool:
    template = one.candidate.template
    return one.fits and aim_of(template) is None and not why_not(template)


def _lacking(template: MetricTemplate, variables: Sequence[str]) -> str:
    if pod_names.VARIABLE in variables:
        return (
            "needs the names of each track's pods in one namespace; ask again while a canary runs, "
            "or set them"
        )
    needed = f"{'variables' if len(variables) > 1 else 'variable'} {', '.join(variables)}"
    return f"needs the {needed}; look at judge templates show {template.name}"


def _left_out(one: Finding, best: Mapping[str, Finding]) -> str:
    template = one.candidate.template
    if not one.fits:
        return f"its query is refused: {one.refused}"
    aim = aim_of(template)
    if aim and aim.name in best:
        return f"tells the same as {best[aim.name].candidate.template.name}, which is judged"
    return why_not(template)


def _entry(one: Finding) -> str:
    """The metric on one line of YAML."""
    name = one.candidate.template.name
    fields = [f"name: {name}", f"template: {name}"]
    if one.candidate.pod_label:
        fields.append(f"podLabel: {one.candidate.pod_label}")
    if one.candidate.variables:
        some = ", ".join(f"{name}: {value}" for name, value in one.candidate.variables.items())
        fields.append(f"variables: {{{some}}}")
    return f"{{{', '.join(fields)}}}"
