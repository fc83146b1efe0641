"""Commands that are about our own judge alone, and an analysis that asks another."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from judge.cli.main import judge
from judge.errors import SpecError

ASKED = """\
apiVersion: judge/v1
kind: Analysis
metadata: {name: checkout}
spec:
  prometheus: {address: 'http://127.0.0.1:1'}
  tracks:
    baseline: {selector: 'track="stable"'}
    canary: {selector: 'track="canary"'}
  judge: kayenta
  metrics: [{name: errors, template: http-error-rate}]
"""


@pytest.mark.parametrize(
    ("command", "told"),
    [
        (["plan", "--at", "2026-05-04T00:00:00Z"], "spec.judge: Kayenta's judge is not planned"),
        (
            ["backtest", "--since", "2026-05-04T00:00:00Z", "--until", "2026-05-05T00:00:00Z"],
            "spec.judge: a backtest is of the sequential judge",
        ),
    ],
)
def test_what_is_about_our_own_judge_refuses_another_and_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: list[str], told: str
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    file = tmp_path / "checkout.yaml"
    file.write_text(ASKED)
    done = CliRunner().invoke(judge, [*command, str(file)])
    assert isinstance(done.exception, SpecError)
    assert str(done.exception).startswith(told)
    assert not (tmp_path / "state").exists()
