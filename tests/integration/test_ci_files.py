"""The shipped files for CI systems and for nginx, as they are: checked, and run on real traffic.

Each system's own part is played here as far as it touches the scripts: variables, what one step
hands to the next, and which steps run after a failure. What is deployed with is a stub that writes
down what it was asked.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from ruamel.yaml import YAML

from judge.cli.main import judge
from tests.cli.ci_service import DURATION, service
from tests.cli.test_ci_junit import check_schema, shown_by_gitlab
from tests.servers.process import free_port, need

pytestmark = pytest.mark.xdist_group("ci_files")

EXAMPLES = Path(__file__).parents[2] / "deploy" / "examples" / "ci"
SCHEMAS = {"github-actions.yml": "vendor.github-workflows", "gitlab-ci.yml": "vendor.gitlab-ci"}
SCRIPTS = {
    "deploy.sh": '#!/bin/sh\necho "$@" >> deployed\n',
    "bin/judge": f'#!/bin/sh\nexec {sys.executable} -m judge "$@"\n',
    "bin/pip": '#!/bin/sh\necho "$@" > installed\n',
    "bin/date": f"#!/bin/sh\necho $(( $(/bin/date +%s) - {DURATION + 60} ))\n",
}


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with service(tmp_path_factory.mktemp("prometheus")) as found:
        yield found


@dataclass
class Workspace:
    """A job's folder, its environment, and whether a step has failed in it."""

    folder: Path
    variables: dict[str, str]
    failed: int = 0

    def sh(self, shell: str, script: str, **more: str) -> int:
        """Run a step's script as the system would; its exit code."""
        known = {name: os.environ[name] for name in ("HOME",) if name in os.environ}
        path = f"{self.folder / 'bin'}:{os.environ['PATH']}"
        done = subprocess.run(
            [*shell.split(), script],
            cwd=self.folder,
            env={
                **known,
                "PATH": path,
                "NO_PROXY": "127.0.0.1",
                "XDG_STATE_HOME": str(self.folder / "state"),
                **self.variables,
                **more,
            },
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        self.failed = self.failed or done.returncode
        return done.returncode

    def deployed(self) -> list[str]:
        return self.read("deployed").splitlines()

    def read(self, name: str) -> str:
        return (self.folder / name).read_text()


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    for name, text in SCRIPTS.items():
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)
        file.chmod(0o755)
    (tmp_path / "ci").mkdir()
    shutil.copy(EXAMPLES / "checkout.yaml", tmp_path / "ci")
    return Workspace(tmp_path, {"JUDGE_PACKAGE": "judge.whl"})


def read_yaml(name: str) -> Any:
    return YAML(typ="safe").load((EXAMPLES / name).read_text())


def github(workspace: Workspace, version: str, prometheus: str) -> None:
    """The steps of the only job: those with a condition after a failure, and none of `uses`."""
    known = {
        "vars.PROMETHEUS_URL": prometheus,
        "vars.JUDGE_PACKAGE": "judge.whl",
        "inputs.version": version,
    }
    summary, output = workspace.folder / "summary", workspace.folder / "output"
    files = {"GITHUB_STEP_SUMMARY": str(summary), "GITHUB_OUTPUT": str(output)}

    def resolved(env: Mapping[str, str]) -> dict[str, str]:
        return {
            name: re.sub(r"\$\{\{ (\S+) \}\}", lambda found: known[found[1]], value)
            for name, value in env.items()
        }

    (job,) = read_yaml("github-actions.yml")["jobs"].values()
    workspace.variables = {**files, **resolved(job["env"])}
    for step in job["steps"]:
        assert step.get("if", "") in ("", "always()", "failure() || cancelled()")
        if "run" not in step or bool(step.get("if")) != bool(workspace.failed):
            continue
        workspace.sh("bash -e -c", step["run"], **resolved(step.get("env", {})))
        if "id" in step:
            for line in output.read_text().splitlines():
                name, _, value = line.partition("=")
                known[f"steps.{step['id']}.outputs.{name}"] = value
    (workspace.folder / "verdict.md").write_text(summary.read_text())


def gitlab(workspace: Workspace, version: str, prometheus: str) -> None:
    """The jobs by stage, with what one hands to the next as variables."""
    whole = read_yaml("gitlab-ci.yml")
    workspace.variables |= {"CI_COMMIT_SHORT_SHA": version, "PROMETHEUS_URL": prometheus}
    jobs = [one for one in whole.values() if isinstance(one, dict) and "script" in one]
    for job in sorted(jobs, key=lambda job: whole["stages"].index(job["stage"])):
        if (job.get("when") == "on_failure") != bool(workspace.failed):
            continue
        workspace.sh("bash -e -o pipefail -c", "\n".join(job["script"]))
        reports = job.get("artifacts", {}).get("reports", {})
        if "dotenv" in reports:
            lines = workspace.read(reports["dotenv"]).splitlines()
            workspace.variables |= dict(line.split("=", 1) for line in lines)
        if "junit" in reports:
            assert (workspace.folder / reports["junit"]).exists()


def shell_steps(text: str) -> list[str]:
    """What stands behind each `sh` of a Jenkinsfile, as Groovy reads its single-quoted texts."""
    found = re.findall(r"\bsh (?:'''(.*?)'''|'([^'\n]*)')", text, re.DOTALL)
    return [(long or short).replace("\\\n", "") for long, short in found]


def jenkins(workspace: Workspace, version: str, prometheus: str) -> None:
    """The stages up to one that fails, and then what comes after a build without success."""
    stages, post = (EXAMPLES / "Jenkinsfile").read_text().split("    post {\n")
    workspace.variables |= {
        "VERSION": version,
        "PROMETHEUS_URL": prometheus,
        "WORKSPACE": str(workspace.folder),
    }
    for script in shell_steps(stages):
        if workspace.sh("sh -xe -c", script):
            break
    if workspace.failed:
        (unsuccessful,) = shell_steps(post)
        workspace.sh("sh -xe -c", unsuccessful)


System = Callable[[Workspace, str, str], None]
SYSTEMS = [github, gitlab, jenkins]


@pytest.mark.parametrize("system", SYSTEMS)
def test_a_good_release_is_promoted(workspace: Workspace, address: str, system: System) -> None:
    system(workspace, "good", address)
    assert workspace.failed == 0
    assert workspace.deployed() == ["canary good", "promote good"]
    check_schema(workspace.read("judge.xml"))
    assert {one.status for one in shown_by_gitlab(workspace.read("judge.xml"))} == {"success"}
    assert workspace.read("verdict.md").startswith("## PROMOTE: shop/checkout")


@pytest.mark.parametrize("system", SYSTEMS)
def test_a_bad_release_is_taken_back(workspace: Workspace, address: str, system: System) -> None:
    system(workspace, "bad", address)
    assert workspace.failed == 1
    assert workspace.deployed() == ["canary bad", "rollback", "rollback"]
    assert {one.status for one in shown_by_gitlab(workspace.read("judge.xml"))} == {"failure"}
    assert workspace.read("verdict.md").startswith("## ROLL BACK: shop/checkout")


def test_a_release_that_nobody_could_judge_is_taken_back(workspace: Workspace) -> None:
    github(workspace, "good", f"http://127.0.0.1:{free_port()}")
    assert workspace.failed == 4
    assert workspace.deployed() == ["canary good", "rollback"]
    (case,) = shown_by_gitlab(workspace.read("judge.xml"))
    assert case.status == "error"


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_file_is_what_its_system_takes(name: str) -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", SCHEMAS[name]]
    done = subprocess.run(
        [*command, str(EXAMPLES / name)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_no_step_puts_anybodys_text_into_a_script() -> None:
    """What comes from outside reaches the shell as a variable, never as a part of the script."""
    (job,) = read_yaml("github-actions.yml")["jobs"].values()
    assert not [step for step in job["steps"] if "${{" in step.get("run", "")]
    text = re.sub(r"//[^\n]*", "", (EXAMPLES / "Jenkinsfile").read_text())
    assert len(shell_steps(text)) == len(re.findall(r"(?<!\.)\bsh\b", text)) == 3


def test_the_jenkinsfile_is_whole() -> None:
    """Every brace is closed, and what declarative pipelines need is where they look for it."""
    text = re.sub(
        r"'''.*?'''|'[^'\n]*'|//[^\n]*",
        "''",
        (EXAMPLES / "Jenkinsfile").read_text(),
        flags=re.DOTALL,
    )
    depth, sections = 0, []
    for token in re.findall(r"\w+(?:\(''\))? \{|\{|\}|agent any", text):
        if token == "}":
            depth -= 1
            assert depth >= 0
            continue
        sections.append((depth, token.removesuffix(" {")))
        depth += token.endswith("{")
    assert depth == 0
    assert [name for level, name in sections if level == 0] == ["pipeline"]
    assert [name for level, name in sections if level == 1] == [
        "agent any",
        "parameters",
        "options",
        "environment",
        "stages",
        "post",
    ]
    assert [name for level, name in sections if level == 2] == [
        "stage('')",
        "stage('')",
        "always",
        "unsuccessful",
    ]


def test_the_analysis_can_be_used() -> None:
    done = CliRunner().invoke(judge, ["check", str(EXAMPLES / "checkout.yaml")])
    assert done.exit_code == 0, done.output


@dataclass
class Nginx:
    """A real nginx before two backends, from the shipped configuration."""

    folder: Path
    url: str

    @property
    def conf(self) -> Path:
        return self.folder / "checkout.conf"

    @property
    def env(self) -> dict[str, str]:
        return {
            **os.environ,
            "NGINX": f"nginx -p {self.folder}/ -c nginx.conf",
            "CONF": str(self.conf),
            "PATH": f"{self.folder / 'bin'}:{os.environ['PATH']}",
            "XDG_STATE_HOME": str(self.folder / "state"),
        }

    def call(self, script: str, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
        command = [str(self.folder / "nginx-upstream" / script), *words]
        return subprocess.run(
            command, env={**self.env, **more}, capture_output=True, text=True, check=False
        )

    def share(self, requests: int = 20) -> int:
        """How many of so many requests the canary answers."""
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        answers = [opener.open(self.url, timeout=5).read() for _ in range(requests)]
        assert set(answers) <= {b"v1", b"v2"}
        return answers.count(b"v2")

    def comes_to(self, share: int) -> bool:
        """Whether the canary gets so many of 20 requests; a reload takes a moment."""
        ends = time.monotonic() + 10
        while (found := self.share()) != share and time.monotonic() < ends:
            time.sleep(0.05)
        return found == share


@pytest.fixture
def nginx(tmp_path: Path) -> Iterator[Nginx]:
    need("nginx")
    with _nginx(tmp_path) as found:
        yield found


@contextmanager
def _nginx(folder: Path) -> Iterator[Nginx]:
    port, *ports = (free_port() for _ in range(3))
    shutil.copytree(EXAMPLES / "nginx-upstream", folder / "nginx-upstream")
    shutil.copy(EXAMPLES / "checkout.yaml", folder)
    (folder / "bin").mkdir()
    (folder / "bin" / "judge").write_text(SCRIPTS["bin/judge"])
    (folder / "bin" / "judge").chmod(0o755)
    conf = (EXAMPLES / "nginx-upstream" / "checkout.conf").read_text()
    for old, new in [("listen 80;", f"listen 127.0.0.1:{port};")] + [
        (f"app-v{one}:8080", f"127.0.0.1:{at}") for one, at in enumerate(ports, 1)
    ]:
        assert conf.count(old) == 1
        conf = conf.replace(old, new)
    (folder / "checkout.conf").write_text(conf)
    backends = "".join(
        f'server {{ listen 127.0.0.1:{at}; location / {{ return 200 "v{one}"; }} }}\n'
        for one, at in enumerate(ports, 1)
    )
    paths = "".join(
        f"{one}_temp_path {folder}/{one};\n"
        for one in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    user = "user root;" if os.geteuid() == 0 else ""
    (folder / "nginx.conf").write_text(
        f"daemon off; {user} worker_processes 1; pid {folder}/nginx.pid;\n"
        f"error_log {folder}/error.log;\nevents {{}}\n"
        f"http {{ access_log off;\n{paths}{backends}include {folder}/checkout.conf; }}\n"
    )
    process = subprocess.Popen(["nginx", "-p", f"{folder}/", "-c", "nginx.conf"])
    found = Nginx(folder, f"http://127.0.0.1:{port}/")
    try:
        _ready(found)
        yield found
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)


def _ready(nginx: Nginx) -> None:
    for _ in range(200):
        try:
            nginx.share(1)
        except OSError:
            time.sleep(0.05)
        else:
            return
    pytest.fail((nginx.folder / "error.log").read_text())


def test_weights_are_what_nginx_then_does(nginx: Nginx) -> None:
    shipped = nginx.conf.read_text()
    assert nginx.comes_to(2)
    for stable, canary, share in ((50, 50, 10), (0, 100, 20), (100, 0, 0), (90, 10, 2)):
        done = nginx.call("weights.sh", str(nginx.conf), str(stable), str(canary))
        assert done.returncode == 0, done.stderr
        assert nginx.comes_to(share), (stable, canary)
    assert nginx.conf.read_text() == shipped
    assert [one.name for one in nginx.folder.glob("checkout.conf*")] == ["checkout.conf"]


@pytest.mark.parametrize(
    "words", [(), ("1", "2", "3"), ("0", "0"), ("90", "101"), ("x", "1"), ("-1", "1"), ("1;", "1")]
)
def test_weights_that_are_none_are_refused(tmp_path: Path, words: tuple[str, ...]) -> None:
    conf = tmp_path / "checkout.conf"
    shutil.copy(EXAMPLES / "nginx-upstream" / "checkout.conf", conf)
    before = conf.read_text()
    done = subprocess.run(
        [str(EXAMPLES / "nginx-upstream" / "weights.sh"), str(conf), *words],
        env={**os.environ, "NGINX": "true"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "usage:" in done.stderr
    assert conf.read_text() == before


def test_what_nginx_refuses_is_put_back(tmp_path: Path) -> None:
    conf = tmp_path / "checkout.conf"
    shutil.copy(EXAMPLES / "nginx-upstream" / "checkout.conf", conf)
    before = conf.read_text()
    done = subprocess.run(
        [str(EXAMPLES / "nginx-upstream" / "weights.sh"), str(conf), "0", "100"],
        env={**os.environ, "NGINX": "false"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "the old ones stay" in done.stderr
    assert conf.read_text() == before
    assert list(tmp_path.iterdir()) == [conf]


def began() -> str:
    return str(int(time.time()) - DURATION - 60)


@pytest.mark.parametrize(("version", "code", "share"), [("good", 0, 20), ("bad", 1, 0)])
def test_nginx_moves_with_the_verdict(
    nginx: Nginx, address: str, version: str, code: int, share: int
) -> None:
    done = nginx.call("release.sh", version, PROMETHEUS_URL=address, STARTED=began())
    assert done.returncode == code, done.stderr
    assert nginx.comes_to(share)


def test_an_interrupted_release_goes_back(nginx: Nginx, address: str) -> None:
    process = subprocess.Popen(
        [str(nginx.folder / "nginx-upstream" / "release.sh"), "good"],
        env={**nginx.env, "PROMETHEUS_URL": address},
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert nginx.comes_to(2)
    while not list((nginx.folder / "state").rglob("*.db")):
        assert process.poll() is None
        time.sleep(0.05)
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=60)
    assert process.returncode == 130
    assert nginx.comes_to(0)
