"""``judge import flagger``: what is written, what is told, and how it exits."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from judge.cli.main import judge
from judge.errors import SpecError
from judge.spec.loading import load_analysis

CANARIES = sorted((Path(__file__).parents[1] / "dialects/flagger/importing/canaries").glob("*"))
CANARY = """# As it is.
apiVersion: flagger.app/v1beta1
kind: Canary
metadata: {name: checkout, namespace: shop}
spec:
  provider: istio
  metricsServer: http://prometheus:9090
  targetRef: {name: checkout}
  analysis:
    stepWeights: [10, 50]
    metrics:
    - name: request-success-rate  # in percent
      thresholdRange: {min: 99}
"""
HOOK = """\
- name: judge-rollback
  type: rollback
  url: http://judge.judge.svc:8080/hooks/TOKEN/flagger/checkout/rollback
  timeout: 5s
"""
LOUD = (
    "10:5: spec.analysis.webhooks: lacks Judge's confirm-promotion, WITHOUT WHICH FLAGGER PROMOTES "
    "BEFORE THERE IS A VERDICT; it is among the webhooks to add"
)


def run(*arguments: object) -> Result:
    return CliRunner().invoke(judge, ["import", "flagger", *map(str, arguments)])


@pytest.fixture
def canary(tmp_path: Path) -> Path:
    path = tmp_path / "canary.yaml"
    path.write_text(CANARY, encoding="utf-8")
    return path


@pytest.mark.parametrize("path", CANARIES, ids=lambda path: path.stem)
def test_what_is_written_passes_judge_check(path: Path, tmp_path: Path) -> None:
    output = tmp_path / "analysis.yaml"
    assert run(path, "--output", output).exit_code == 0
    checked = CliRunner().invoke(judge, ["check", str(output)])
    assert checked.exit_code == 0, checked.output
    assert "is well written" in checked.output


def test_the_analysis_and_the_list_come_out_apart(canary: Path) -> None:
    done = run(canary)
    assert done.exit_code == 0
    analysis = load_analysis(done.stdout)
    assert (analysis.name, analysis.duration) == ("checkout", 120.0)
    assert f"{canary}:{LOUD}" in done.stderr.splitlines()
    assert HOOK in done.stderr


def test_with_an_output_all_else_is_printed_and_the_hooks_name_its_file(
    canary: Path, tmp_path: Path
) -> None:
    output = tmp_path / "shop-checkout.yaml"
    done = run(canary, "-o", output, "--judge-url", "https://judge/")
    assert load_analysis(output.read_text(encoding="utf-8")).name == "checkout"
    assert "url: https://judge/flagger/shop-checkout/confirm-promotion\n" in done.stdout
    assert done.stdout.splitlines()[-2:] == [
        f"{output}: for the folder of Judge's setting analyses. Next:",
        f"  judge check {output}",
    ]
    assert done.stderr == ""


def test_the_canary_is_written_with_its_hooks_and_once_only(canary: Path, tmp_path: Path) -> None:
    first, second = tmp_path / "first.yaml", tmp_path / "second.yaml"
    done = run(canary, "--canary-out", first)
    assert first.read_text(encoding="utf-8").startswith(
        CANARY + "    webhooks:\n      - name: judge-"
    )
    assert (
        f"{first}: with the webhooks pre-rollout, rollout, confirm-traffic-increase" in done.stderr
    )
    again = run(first, "--canary-out", second)
    assert second.read_text(encoding="utf-8") == first.read_text(encoding="utf-8")
    assert f"{second}: every webhook was there already" in again.stderr
    assert "WITHOUT" not in again.stderr


def test_the_ends_of_its_lines_stay_as_they_are(canary: Path, tmp_path: Path) -> None:
    windows = CANARY.replace("\n", "\r\n").encode()
    canary.write_bytes(windows)
    run(canary, "--canary-out", tmp_path / "out.yaml")
    out = (tmp_path / "out.yaml").read_bytes()
    assert out.startswith(windows)
    assert out.count(b"\n") == out.count(b"\r\n")


def test_flaggers_own_settings_are_options(canary: Path) -> None:
    text = CANARY.replace("  provider: istio\n", "").replace("  metricsServer", "  other")
    canary.write_text(text, encoding="utf-8")
    guessed = run(canary)
    assert "Flagger's own -mesh-provider says which mesh's" in guessed.stderr
    assert "here the server that Judge's settings call default is read" in guessed.stderr
    told = run(canary, "--provider", "linkerd", "--prometheus", "http://there:9090")
    analysis = load_analysis(told.stdout)
    assert "response_total" in analysis.metrics[0].queries["canary"]["total"].expr
    assert analysis.prometheus.address == "http://there:9090"
    assert "own -me" not in told.stderr


def test_the_canary_that_is_meant_is_named(canary: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.yaml"
    other.write_text(CANARY.replace("{name: checkout, n", "{name: cart, n"), encoding="utf-8")
    assert isinstance(run(canary, other).exception, SpecError)
    assert load_analysis(run(canary, other, "--canary", "cart").stdout).name == "cart"


@pytest.mark.parametrize("text", ["", "[]", "{", "text", "\x00", "kind: Canary\n", "- a\n"])
def test_what_is_no_canary_is_told(canary: Path, text: str) -> None:
    canary.write_text(text, encoding="utf-8")
    assert isinstance(run(canary).exception, SpecError)


def test_where_the_canary_cannot_be_written_nothing_is(canary: Path, tmp_path: Path) -> None:
    canary.write_text(CANARY.replace("  analysis:\n", "  analysis:\n    webhooks: [{name: a}]\n"))
    output = tmp_path / "analysis.yaml"
    done = run(canary, "-o", output, "--canary-out", tmp_path / "with-hooks.yaml")
    assert isinstance(done.exception, SpecError)
    assert not output.exists()
    assert run(canary, "-o", output).exit_code == 0


@pytest.mark.parametrize("option", ["--judge-url", "--prometheus"])
def test_an_address_that_is_none_is_refused(canary: Path, option: str) -> None:
    done = run(canary, option, "judge:8080")
    assert done.exit_code == 2
    assert "'judge:8080' is no URL" in done.output


def test_files_that_cannot_be_read_or_written(canary: Path, tmp_path: Path) -> None:
    assert isinstance(run(tmp_path / "none.yaml").exception, SpecError)
    for option in ("--output", "--canary-out"):
        done = run(canary, option, tmp_path / "none" / "file.yaml")
        assert done.exit_code == 2
        assert "cannot be written" in done.output
