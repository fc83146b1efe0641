"""The lab's figures as one page that needs nothing else: plots, dark and light, on any screen.

It is made of the document alone (`document`), so that a page can be had of any measurement kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from html import escape
from importlib import resources
from string import Template
from typing import Any

from judge.lab.plots import SHADES, Curve, Mark, axis, curves, sample, strip

Cell = dict[str, Any]
Document = dict[str, Any]

STYLES = {0.05: ("five", 28.0), 0.01: ("one", 72.0)}  # and how high in a row
PEERS = (("Kayenta", "diamond"), ("z-test 5%", "cross"), ("Flagger", "ring"))
CURVE_ALPHA = 0.01
LONG = 12  # lines, above which a list is folded
ORACLE = "oracle 1%"


def page(found: Document) -> str:
    """The page of a document."""
    template = Template(resources.files("judge.lab").joinpath("page.html").read_text("utf-8"))
    names = list(found["scenarios"])
    return template.substitute(
        measured=_measured(found),
        verdict=_verdict(found),
        alarm_legend=_legend(),
        alarms=_rows(found, names, _alarms),
        wrong=_rows(found, names, _wrong_passes),
        proven=_rows(found, names, _proven, log=False),
        proof_alpha=f"{CURVE_ALPHA:.0%}".replace("%", " %"),
        curve_alpha=f"{CURVE_ALPHA:.0%}".replace("%", " %"),
        cards="".join(_card(found, name) for name in names),
    )


def _measured(found: Document) -> str:
    return (
        f"{len(found['scenarios'])} scenarios, {found['rollouts']:,} simulated rollouts of each "
        f"unless it says otherwise, seed {found['seed']}. Several runs share a history; errors and "
        "bounds are those between histories."
    )


def _verdict(found: Document) -> str:
    """What was not reached: beyond doubt, and the rest, of each scenario together."""
    if not found["breaches"]:
        return "<p class='verdict'>Every promise is kept.</p>"
    sure = [one for one in found["breaches"] if one["doubtless"]]
    rest = [one for one in found["breaches"] if not one["doubtless"]]
    parts = []
    if sure:
        parts.append(f"<strong>Broken, and not by chance: {_counted(sure)}</strong>{_list(sure)}")
    if rest:
        parts.append(
            f"<details{'' if len(rest) > LONG else ' open'}><summary>Not reached, or not shown by "
            f"so many rollouts: {_counted(rest)}</summary>{_list(rest)}</details>"
        )
    return f"<div class='verdict not'>{''.join(parts)}</div>"


def _counted(breaches: Sequence[Cell]) -> str:
    scenarios = len({one["scenario"] for one in breaches})
    return (
        f"{len(breaches)} figure{'s' * (len(breaches) > 1)} in {scenarios} "
        f"scenario{'s' * (scenarios > 1)}"
    )


def _list(breaches: Sequence[Cell]) -> str:
    items = "".join(f"<li>{escape(one['said'])}</li>" for one in breaches)
    return f"<ul>{items}</ul>"


def _legend() -> str:
    parts = [
        sample("dot", "one") + "Judge at 1 %",
        sample("dot", "five") + "Judge at 5 %",
        sample("diamond", "peer") + "Kayenta, from the fifth look on",
        sample("cross", "peer") + "z-test at every look, 5 %",
        sample("ring", "peer") + "Flagger's threshold",
    ]
    return f"<ul class='legend'>{''.join(f'<li>{one}</li>' for one in parts)}</ul>"


Drawn = tuple[Sequence[Mark], Sequence[float], str, bool]


def _rows(
    found: Document,
    names: Iterable[str],
    row: Callable[[Sequence[Cell]], Drawn | None],
    *,
    log: bool = True,
) -> str:
    """A strip for every scenario that the figure is known of, under an axis."""
    blank = "<span class='{}'></span>"
    drawn = [
        f"<div class='row axis'>{blank.format('name')}{axis(log=log)}{blank.format('said')}</div>"
    ]
    for name in names:
        told = row(_cells(found, name))
        if told is None:
            continue
        marks, promised, said, broken = told
        style = "said broken" if broken else "said"
        drawn.append(
            f"<div class='row'><span class='name'><a href='#{escape(name)}'>{escape(name)}</a>"
            f"</span>{strip(marks, promised, log=log)}<span class='{style}'>{said}</span></div>"
        )
    return "".join(drawn)


def _cells(found: Document, name: str) -> list[Cell]:
    return [one for one in found["cells"] if one["scenario"] == name]


def _alarms(cells: Sequence[Cell]) -> Drawn | None:
    marks, told, broken = [], [], False
    for name, shape in PEERS:
        peer = next((one for one in cells if _is_peer(one, name) and one["effect"] == 1.0), None)
        if peer is not None:
            said = f"{peer['judge']}: {_percent(peer['probability'])}"
            marks.append(Mark(peer["probability"], "peer", said, shape))
    for alpha, (style, height) in STYLES.items():
        held = [one for one in cells if one["promised"] == alpha]
        if not held:
            continue
        worst = max(held, key=lambda one: float(one["upper"]))
        said = (
            f"{worst['judge']}: {_percent(worst['probability'])} ± "
            f"{_percent(worst['standardError'])}, at most {_percent(worst['upper'])}; "
            f"{worst['rollouts']} rollouts"
        )
        marks.append(Mark(worst["probability"], style, said, upper=worst["upper"], height=height))
        told.append(_percent(worst["upper"]))
        broken = broken or not worst["kept"]
    if not told:
        return None
    said = f"≤ {' · '.join(reversed(told))}" + (" ✗" if broken else "")
    return marks, tuple(STYLES), said, broken


def _is_peer(one: Cell, name: str) -> bool:
    return not one["ours"] and str(one["judge"]).startswith(name)


def _wrong_passes(cells: Sequence[Cell]) -> Drawn | None:
    known = [(one, one["wrongPasses"]) for one in cells if one["wrongPasses"]]
    if not known:
        return None
    cell, worst = max(known, key=lambda one: float(one[1]["upper"]))
    said = (
        f"{cell['judge']}: {_percent(worst['probability'])}, at most {_percent(worst['upper'])}; "
        f"{worst['rollouts']} rollouts"
    )
    mark = Mark(worst["probability"], "one", said, upper=worst["upper"])
    broken = not worst["kept"]
    return [mark], (worst["promised"],), f"≤ {_percent(worst['upper'])}" + " ✗" * broken, broken


def _proven(cells: Sequence[Cell]) -> Drawn | None:
    ours = [
        one
        for one in cells
        if one["ours"] and one["calibrated"] and one["alpha"] == CURVE_ALPHA
        if one["effect"] == 1.0 and one["proven"] is not None
    ]
    if not ours:
        return None
    one = max(ours, key=lambda cell: float(cell["limit"]))
    soon = one["provenBy30Minutes"]
    marks = [
        Mark(one["proven"], "one", f"{one['judge']}: {_percent(one['proven'])} at the end"),
        Mark(soon, "one", f"{one['judge']}: {_percent(soon)} within half an hour", "ring"),
    ]
    return marks, (), f"{100 * one['proven']:.0f} % · {100 * soon:.0f} %", False


def _card(found: Document, name: str) -> str:
    scenario, cells = found["scenarios"][name], _cells(found, name)
    return (
        f"<article class='card' id='{escape(name)}'><h3>{escape(name)}</h3>"
        f"<p class='law'>{escape(scenario['law'])}</p>{_curves(scenario, cells)}"
        f"<details><summary>{scenario['histories'] * scenario['runs']:,} rollouts after "
        f"{scenario['histories']} histories: all figures</summary>"
        f"<div class='wide'>{_table(cells)}</div></details></article>"
    )


def _curves(scenario: Cell, cells: Sequence[Cell]) -> str:
    """This judge, Kayenta and the oracle, by effect."""
    ours = [
        one for one in cells if one["ours"] and one["calibrated"] and one["alpha"] == CURVE_ALPHA
    ]
    if not ours:
        return ""
    first = ours[0]["judge"]
    bad = [one["effect"] for one in ours if one["judge"] == first and _is_bad(one)]
    drawn = []
    for place, effect in enumerate(bad):
        shade = SHADES - 1 - round((len(bad) - 1 - place) * (SHADES - 1) / max(len(bad), 2))
        for name, style in (("Kayenta", "theirs"), (ORACLE, "known"), (first, "")):
            cell = next(
                (
                    one
                    for one in cells
                    if str(one["judge"]).startswith(name) and one["effect"] == effect
                ),
                None,
            )
            if cell is not None and (style or cell["judge"] == first):
                label = "" if style else _effect(effect)
                said = f"{cell['judge']}, {_effect(effect)}"
                drawn.append(Curve(_by_look(cell, scenario), shade, style, said, label))
    minutes = (scenario["looks"] - scenario["onset"]) * scenario["interval"] / 60.0
    return curves(drawn, minutes) if drawn else ""


def _is_bad(one: Cell) -> bool:
    effect = one["effect"]
    return not isinstance(effect, float | int) or effect > one["limit"]


def _by_look(cell: Cell, scenario: Cell) -> list[float]:
    """The share rolled back, at each look after the onset."""
    counts = cell["counts"]["looks"]
    whole, onset = sum(counts), scenario["onset"]
    shares, hits = [], sum(counts[1 : onset + 1])
    for look in range(onset + 1, scenario["looks"] + 1):
        hits += counts[look] if look < len(counts) else 0
        shares.append(hits / whole)
    return shares


def _effect(effect: Any) -> str:
    if isinstance(effect, dict):
        return f"{effect['share']:.0%} {effect['slower']:g}x"
    return effect if isinstance(effect, str) else "good" if effect == 1.0 else f"{effect:.3g}x"


def _table(cells: Sequence[Cell]) -> str:
    effects = [one["effect"] for one in cells if one["judge"] == cells[0]["judge"]]
    heads = "".join(f"<th scope='col'>{escape(_effect(one))}</th>" for one in effects)
    rows = []
    for name in dict.fromkeys(one["judge"] for one in cells):
        own = [one for one in cells if one["judge"] == name]
        figures = "".join(f"<td>{_figure(one)}</td>" for one in own)
        rows.append(f"<tr><th scope='row'>{escape(name)}</th>{figures}</tr>")
    return (
        f"<table><thead><tr><th scope='col'>rolled back (median minutes)</th>{heads}</tr></thead>"
        f"<tbody>{''.join(rows)}</tbody></table>"
    )


def _figure(one: Cell) -> str:
    if not _is_bad(one):
        error = f"{_percent(one['probability'])} ± {100 * one['standardError']:.2f}"
        return f"<span class='broken'>{error} ✗</span>" if one["kept"] is False else error
    minutes = one["medianMinutes"]
    return f"{_percent(one['probability'])} ({'–' if minutes is None else f'{minutes:.0f}'})"


def _percent(share: float) -> str:
    """To what can be read: 100 %, 12 %, 1.2 %, 0.12 %."""
    digits = 0 if share >= 0.1 else 1 if share >= 0.01 else 2
    return f"{100 * share:.{digits}f} %"
