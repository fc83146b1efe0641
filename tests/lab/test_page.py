"""The page shows what the document says, and needs nothing else."""

import itertools
import json
import re
from dataclasses import replace

import pytest

from judge.lab import bench
from judge.lab.count_scenarios import COUNT_SCENARIOS
from judge.lab.document import document
from judge.lab.latency_scenarios import LATENCY_SCENARIOS
from judge.lab.page import page
from judge.lab.plots import Curve, Mark, curves, strip
from judge.lab.rollouts import Setting, at_limit


@pytest.fixture(scope="module")
def found() -> dict[str, object]:
    """A document of small rollouts, as it comes out of JSON."""
    (counts,) = (one for one in COUNT_SCENARIOS if one.name == "late-onset")
    counts = replace(
        counts,
        law="5 < 6 & 7",
        service=replace(counts.service, looks=10, history=120),
        onset=3,
        settings=(Setting(0.05), Setting(0.01)),
    )
    (times,) = (one for one in LATENCY_SCENARIOS if one.name == "latency-classic")
    times = replace(times, fleet=replace(times.fleet, looks=6, history=120), settings=at_limit(2.5))
    plan = bench.Plan((counts, times), 8, 1)
    tallies: bench.Tallies = {}
    for _, more in bench.run(plan, jobs=1):
        bench.add(tallies, more)
    told: dict[str, object] = json.loads(json.dumps(document(plan, tallies)))
    return told


def test_it_needs_nothing_else(found: dict[str, object]) -> None:
    text = page(found)
    assert not re.search(r"https?:|src=|@import|url\(|<script", text)
    assert "prefers-color-scheme: dark" in text
    assert 'name="viewport"' in text
    assert not re.search(r"\$[a-z_]+", text)


def test_every_scenario_has_its_card_with_law_curves_and_figures(found: dict[str, object]) -> None:
    text = page(found)
    for name in ("late-onset", "latency-classic"):
        card = text[text.index(f"id='{name}'") :].split("</article>")[0]
        assert "<polyline" in card
        assert "<table>" in card
    assert "5 &lt; 6 &amp; 7" in text
    assert "2% 8x" in text


def test_what_was_not_reached_comes_first(found: dict[str, object]) -> None:
    text = page(found)
    assert "Not reached, or not shown by so many rollouts" in text
    assert "Broken, and not by chance" not in text
    breaches = found["breaches"]
    assert isinstance(breaches, list)
    sure = [replace_one | {"doubtless": True, "said": "a <b>"} for replace_one in breaches[:1]]
    assert "Broken, and not by chance: 1 figure in 1 scenario<" in page(found | {"breaches": sure})
    assert "a &lt;b&gt;" in page(found | {"breaches": sure})
    assert "Every promise is kept." in page(found | {"breaches": []})


def test_shares_stand_on_a_scale_of_powers_of_ten() -> None:
    marks = [Mark(0.01, "one", "here", upper=0.1), Mark(0.0, "five", "nothing")]
    text = strip(marks, (0.05,))
    assert "cx='50.00%'" in text
    assert "x1='50.00%' x2='75.00%'" in text
    assert "cx='0.00%'" in text
    assert text.count("promise") == 1
    assert "cx='1.00%'" in strip(marks, (), log=False)


def test_names_of_curves_never_lie_on_each_other() -> None:
    drawn = [Curve([0.0, 1.0], shade, "", "", str(shade)) for shade in range(6)]
    drawn += [Curve([0.0, 0.0], 0, "", "", f"none {one}") for one in range(4)]
    text = curves(drawn, 2.0)
    heights = sorted(float(y) for y in re.findall(r"<text x='290' y='([\d.]+)'>", text))
    assert len(heights) == 10
    assert min(b - a for a, b in itertools.pairwise(heights)) >= 11.9
    assert max(heights) < 200
