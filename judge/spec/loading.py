"""The door for analyses: text, a file or a request's body in, a resolved analysis out.

Promised: whatever is wrong is a `SpecError` with all its issues, each with its place; nothing
comes out in part. First the form is checked (fields and their values), then the meaning (what must
fit together, templates, queries). Not here: the checks themselves.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from judge.errors import SpecError
from judge.spec.analysis import AnalysisWritten
from judge.spec.problems import validated
from judge.spec.resolved import PrometheusConfig, ResolvedAnalysis
from judge.spec.resolving import Loaded, Surroundings, resolve
from judge.spec.server import PrometheusWritten
from judge.spec.written import Written, read_file, read_written


def load_analysis(
    text: str,
    *,
    source: str = "<text>",
    variables: Mapping[str, str] | None = None,
    prometheus: Mapping[str, PrometheusConfig] | None = None,
) -> ResolvedAnalysis:
    """The analysis that ``text`` (YAML or JSON) is.

    ``variables`` are the caller's, ``prometheus`` the settings' servers by name. Raises
    `SpecError`.
    """
    around = Surroundings(variables or {}, prometheus or {})
    return _resolved(read_written(text, source=source), around).analysis


def load_analysis_file(
    path: str | Path,
    *,
    variables: Mapping[str, str] | None = None,
    prometheus: Mapping[str, PrometheusConfig] | None = None,
) -> ResolvedAnalysis:
    """The analysis in a file; paths of its templates begin in the file's folder.

    Raises `SpecError`, for a file that cannot be read too.
    """
    return read_analysis_file(path, variables=variables, prometheus=prometheus).analysis


def read_analysis_file(
    path: str | Path,
    *,
    variables: Mapping[str, str] | None = None,
    prometheus: Mapping[str, PrometheusConfig] | None = None,
) -> Loaded:
    """The same, with the notices that a person who checks the file wants to see."""
    around = Surroundings(variables or {}, prometheus or {}, Path(path).parent)
    return _resolved(read_file_written(Path(path)), around)


def read_file_written(path: Path) -> Written:
    """What a file of an analysis says, unchecked. Raises `SpecError`."""
    return read_written(read_file(path, shown=str(path)), source=str(path))


def load_written_analysis(
    written: Written,
    *,
    folder: Path,
    prometheus: Mapping[str, PrometheusConfig],
    offered: Mapping[str, str],
    namespace: str,
) -> ResolvedAnalysis:
    """The analysis of a file that was read before, for a caller who does not know its inputs.

    Of what is ``offered`` the analysis takes the variables that it lists under its inputs;
    ``namespace`` is whose it is where it writes none. Raises `SpecError`.
    """
    around = Surroundings({}, prometheus, folder, offered=offered, namespace=namespace)
    return _resolved(written, around).analysis


def load_analysis_document(
    doc: Mapping[str, Any],
    *,
    source: str = "<request>",
    variables: Mapping[str, str] | None = None,
    prometheus: Mapping[str, PrometheusConfig] | None = None,
) -> ResolvedAnalysis:
    """The analysis in a body that is parsed already; its issues have no lines.

    Raises `SpecError`.
    """
    around = Surroundings(variables or {}, prometheus or {})
    return _resolved(Written(doc, source), around).analysis


def load_prometheus(doc: Mapping[str, Any], *, source: str = "<settings>") -> PrometheusConfig:
    """A server written out as under ``spec.prometheus``. Raises `SpecError`."""
    written = Written(doc, source)
    model = validated(PrometheusWritten, written)
    issues = model.issues(written, ())
    if issues:
        raise SpecError(issues)
    return model.resolved()


def _resolved(written: Written, around: Surroundings) -> Loaded:
    if isinstance(written.data, Mapping) and written.data.get("kind") == "MetricTemplate":
        message = "is a metric template, not an analysis; look at it by judge templates render"
        raise SpecError([written.issue(("kind",), message)])
    return resolve(validated(AnalysisWritten, written), written, around)
