"""A draft as text: it can be loaded, and its remarks stand where they belong."""

from __future__ import annotations

from judge.spec.loading import load_analysis
from judge.spec.suggestion.draft import Draft, DraftMetric, written

DRAFT = Draft(
    name="cart",
    namespace="shop",
    spec={"prometheus": {"address": "http://localhost:9090"}, "interval": "1m"},
    tracks={
        "baseline": {"selector": 'app="cart",version=""', "variables": {"pods": "cart-[^-]+"}},
        "canary": {"selector": 'app="cart",version=~"a\\\\.b|c: #d"', "variables": {"pods": "x|y"}},
    },
    metrics=[
        DraftMetric(
            {"name": "errors", "template": "http-error-rate", "limit": {"ratio": 1.5}},
            ["Why: " + "because " * 20],
        ),
        DraftMetric({"name": "crashes", "template": "pods-crashing", "critical": False}),
    ],
    head=["Proposed.", "  judge check cart.yaml"],
    on_tracks=["The tracks: guessed."],
    beside=["", "Left out:", "x: a\u2028metrics: []"],
)


def test_what_is_written_is_an_analysis() -> None:
    analysis = load_analysis(written(DRAFT))
    assert (analysis.name, analysis.namespace) == ("cart", "shop")
    assert analysis.tracks["canary"].selector == 'app="cart",version=~"a\\\\.b|c: #d"'
    errors, crashes = analysis.metrics
    assert (errors.limit, errors.critical, crashes.critical) == (1.5, True, False)


def test_remarks_stand_above_what_they_are_about() -> None:
    lines = written(DRAFT).splitlines()
    assert lines[:3] == ["# Proposed.", "#   judge check cart.yaml", "apiVersion: judge/v1"]
    assert lines[lines.index("  tracks:") - 1] == "  # The tracks: guessed."
    why = lines.index("  metrics:") + 1
    assert lines[why].startswith("    # Why: because")
    assert lines[why + 2] == "    - name: errors"
    assert max(map(len, lines)) <= 100


def test_a_remark_cannot_break_out_of_its_comment() -> None:
    assert written(DRAFT).endswith("  #\n  # Left out:\n  # x: a?metrics: []\n")
