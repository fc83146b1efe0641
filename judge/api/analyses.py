"""From what a caller sends to a resolved analysis: a document of his own, or a stored one's name.

Owns the folder of stored analyses (``NAME.yaml``, ``.yml`` or ``.json``), read anew at each use.
Promises that a name never leads out of the folder, and that what a caller sends makes the server
read no file of its own unless the caller is an admin: `bearerTokenFile` and its like would hand
the file to an address of the caller's choosing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from judge.api.principal import Principal, Role
from judge.errors import Issue, NotFound, SettingsError, SpecError
from judge.spec.loading import (
    load_analysis_document,
    load_analysis_file,
    load_written_analysis,
    read_file_written,
)
from judge.spec.resolved import PrometheusConfig, ResolvedAnalysis
from judge.spec.written import Written

REQUEST = "<request>"
SUFFIXES = (".yaml", ".yml", ".json")
_Stamp = tuple[int, int, int]
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")


class Analyses:
    """Resolves what callers ask for. ``prometheus`` are the servers of the settings, by name.

    Raises `SettingsError` where ``folder`` is no folder.
    """

    def __init__(self, *, folder: Path | None, prometheus: Mapping[str, PrometheusConfig]) -> None:
        if folder is not None and not folder.is_dir():
            raise SettingsError(
                f"analyses: {folder} is no folder that can be read; make it, or name another"
            )
        self._folder = folder
        self._prometheus = prometheus
        self._read: dict[str, tuple[_Stamp, Written]] = {}

    def resolve(
        self,
        asked: str | Mapping[str, Any],
        *,
        variables: Mapping[str, str],
        principal: Principal,
    ) -> ResolvedAnalysis:
        """The analysis that ``principal`` asks for.

        Raises `SpecError` for a document or variables that cannot be used, and `NotFound` for a
        stored analysis that is not there or not in the caller's namespaces.
        """
        if isinstance(asked, str):
            analysis, issues = self._stored(asked, variables, principal), []
        else:
            analysis = load_analysis_document(
                asked, source=REQUEST, variables=variables, prometheus=self._prometheus
            )
            issues = list(self._forbidden(analysis, principal))
        if not analysis.prometheus.address:
            issues.append(Issue("spec.prometheus", self._no_server()))
        if issues:
            raise SpecError(issues)
        return analysis

    def namespace_of(self, name: str) -> str | None:
        """The namespace that a stored analysis writes, if any; None too for what cannot be read.

        Raises `NotFound`.
        """
        try:
            data = self._written(self._found(name)).data
        except SpecError:
            return None
        metadata = data.get("metadata") if isinstance(data, Mapping) else None
        namespace = metadata.get("namespace") if isinstance(metadata, Mapping) else None
        return namespace if isinstance(namespace, str) else None

    def of_rollout(
        self, name: str, *, namespace: str, offered: Mapping[str, str]
    ) -> ResolvedAnalysis:
        """A stored analysis for what is rolled out in ``namespace``, which it gets unless it says.

        Of what is ``offered`` it takes the variables under its inputs. Raises `NotFound` and
        `SpecError`.
        """
        path = self._found(name)
        analysis = load_written_analysis(
            self._written(path),
            folder=path.parent,
            prometheus=self._prometheus,
            offered=offered,
            namespace=namespace,
        )
        if analysis.namespace != namespace:
            message = f"is {analysis.namespace}, and what is rolled out is in {namespace}"
            raise SpecError([Issue("metadata.namespace", message, source=str(path))])
        if not analysis.prometheus.address:
            raise SpecError([Issue("spec.prometheus", self._no_server(), source=str(path))])
        return analysis

    def _written(self, path: Path) -> Written:
        """What the file says; read again only when it has changed."""
        try:
            stat = path.stat()
        except OSError:
            return read_file_written(path)
        stamp = (stat.st_mtime_ns, stat.st_size, stat.st_ino)
        known = self._read.get(path.name)
        if known is None or known[0] != stamp:
            known = self._read[path.name] = (stamp, read_file_written(path))
        return known[1]

    def _found(self, name: str) -> Path:
        path = self._path(name)
        if path is None:
            raise _unknown(name)
        return path

    def _stored(
        self, name: str, variables: Mapping[str, str], principal: Principal
    ) -> ResolvedAnalysis:
        path = self._path(name)
        if path is not None:
            analysis = load_analysis_file(path, variables=variables, prometheus=self._prometheus)
            if principal.sees(analysis.namespace):
                return analysis
        raise _unknown(name)

    def _path(self, name: str) -> Path | None:
        if self._folder is None or not _NAME.fullmatch(name):
            return None
        paths = (self._folder / (name + suffix) for suffix in SUFFIXES)
        return next((path for path in paths if path.is_file()), None)

    def _no_server(self) -> str:
        names = ", ".join(sorted(self._prometheus)) or "none so far"
        return f"is missing; write an address, or a name from the server's settings ({names})"

    def _forbidden(self, analysis: ResolvedAnalysis, principal: Principal) -> Iterator[Issue]:
        """What the document asks for that this caller may not have."""
        if not principal.sees(analysis.namespace):
            yield Issue(
                "metadata.namespace",
                f"the token {principal.name} is not for the namespace {analysis.namespace}",
            )
        if principal.role.includes(Role.ADMIN):
            return
        for path in self._files(analysis):
            yield Issue(
                path,
                "names a file on the server, which only an admin's request may; store the "
                "analysis on the server, or name a Prometheus of its settings",
            )

    def _files(self, analysis: ResolvedAnalysis) -> Iterator[str]:
        """Where the document names files of the server."""
        prometheus = analysis.prometheus
        if prometheus not in self._prometheus.values():
            auth, tls = prometheus.basic_auth, prometheus.tls
            named = {
                "bearerTokenFile": prometheus.bearer_token_file,
                "basicAuth.passwordFile": auth.password_file if auth else "",
                "tls.caFile": tls.ca_file,
                "tls.certFile": tls.cert_file,
                "tls.keyFile": tls.key_file,
            }
            yield from (f"spec.prometheus.{field}" for field, path in named.items() if path)
        actions = analysis.actions
        for name, hooks in (
            ("onPass", actions.on_pass),
            ("onFail", actions.on_fail),
            ("onInconclusive", actions.on_inconclusive),
            ("onInterval", actions.on_interval),
        ):
            for index, hook in enumerate(hooks):
                if hook.secret_file:
                    yield f"spec.{name}[{index}].webhook.secretFile"


def _unknown(name: str) -> NotFound:
    return NotFound(
        f"there is no stored analysis {name[:100]!r}; the server looks for "
        "NAME.yaml in the folder that its setting analyses names"
    )
