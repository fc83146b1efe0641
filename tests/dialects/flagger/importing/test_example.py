"""deploy/examples/flagger: the analysis is what is made of the Canary, which lacks no webhook."""

from __future__ import annotations

import re
from pathlib import Path

from judge.api.hooks import hook_path
from judge.dialects.flagger.importing.analysis import Imported, Wanted, imported
from judge.dialects.flagger.importing.hooks import MOMENTS
from judge.spec.loading import load_analysis_file
from judge.spec.written import read_documents

FOLDER = Path(__file__).parents[4] / "deploy/examples/flagger"
PROMETHEUS = "http://prometheus.istio-system:9090"


def made() -> Imported:
    text = (FOLDER / "canary.yaml").read_text(encoding="utf-8")
    wanted = Wanted(stored_as="checkout", judge_url="http://judge", prometheus=PROMETHEUS)
    return imported(read_documents(text, source="canary.yaml"), wanted)


def test_the_analysis_is_what_an_import_makes() -> None:
    assert made().text == (FOLDER / "checkout.yaml").read_text(encoding="utf-8")
    assert load_analysis_file(FOLDER / "checkout.yaml").name == "checkout"


def test_the_canary_has_every_webhook_and_each_leads_to_judge() -> None:
    found = made()
    assert found.hooks == ()
    webhooks = found.read.data["spec"]["analysis"]["webhooks"]
    assert [one["type"] for one in webhooks] == list(MOMENTS)
    for one in webhooks:
        path = hook_path(re.sub("^http://[^/]+", "", one["url"]))
        assert path is not None
        assert path.leads_somewhere
        assert (path.token, path.path) == ("TOKEN", f"/flagger/checkout/{one['type']}")


def test_the_readme_tells_every_webhook() -> None:
    page = (FOLDER / "README.md").read_text(encoding="utf-8")
    told = re.findall(r"^\| `judge-([a-z-]+)` \|", page, re.MULTILINE)
    assert told == list(MOMENTS)
