"""The stored canary configurations: by id, and by name within their applications.

Owned here: ids, timestamps, and that no two configurations of one name share an application.
Promises that only what could be run is stored, and that it comes back with every field that was
sent, whether Judge reads it or not. What a configuration may say is `reading`'s.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Collection, Mapping
from typing import Any

from judge.dialects.kayenta.config import CanaryConfig
from judge.dialects.kayenta.instants import LATEST, instant_text, millis
from judge.dialects.kayenta.reading import read_config
from judge.errors import Conflict, Issue, SpecError
from judge.store.documents import Check, Documents, Rivals, StoredDocument

KIND = "canary config"
LONGEST = 253  # characters that an id or a name may have
_ID = re.compile(r"(?!\.{1,2}$)[^/\x00-\x1f\x7f]+")


class CanaryConfigs:
    """Canary configurations in the store. ``clock`` gives Unix seconds; ``new_id`` makes ids.

    Every method is for one namespace; there is no sight of another's.
    """

    def __init__(
        self,
        documents: Documents,
        *,
        clock: Callable[[], float],
        new_id: Callable[[], str] = lambda: str(uuid.uuid4()),
    ) -> None:
        self._documents = documents
        self._clock = clock
        self._new_id = new_id

    def add(self, sent: Mapping[str, Any], *, namespace: str) -> str:
        """Store a new configuration; its id.

        Raises SpecError with all that is wrong with it; Conflict where its id is taken, or its
        name in one of its applications.
        """
        config = _checked(sent)
        made = _or(config.created_timestamp, millis(self._clock()))
        document = {
            **_stamped(sent, config, made=made, changed=_or(config.updated_timestamp, made)),
            "id": config.id or self._new_id(),
        }
        stored = self._documents.add(
            KIND,
            document["id"],
            document,
            namespace=namespace,
            name=config.name,
            check=_unique(config),
        )
        return stored.id

    def replace(self, config_id: str, sent: Mapping[str, Any], *, namespace: str) -> None:
        """Write a configuration anew; when it was made stays, unless ``sent`` says otherwise.

        Raises SpecError with all that is wrong with it; NotFound; Conflict where its name is
        taken in one of its applications.
        """
        config = _checked({**sent, "id": config_id})
        before = self.get(config_id, namespace=namespace)
        made = _or(config.created_timestamp, before["createdTimestamp"])
        self._documents.replace(
            KIND,
            config_id,
            {**_stamped(sent, config, made=made, changed=millis(self._clock())), "id": config_id},
            namespace=namespace,
            name=config.name,
            check=_unique(config),
        )

    def get(self, config_id: str, *, namespace: str) -> dict[str, Any]:
        """The configuration as JSON. Raises NotFound."""
        return dict(self._documents.get(KIND, config_id, namespace=namespace).document)

    def summaries(
        self, *, namespace: str, applications: Collection[str] = ()
    ) -> list[dict[str, Any]]:
        """What Kayenta lists of each configuration that is for one of ``applications``.

        None of them named: of all.
        """
        found = self._documents.find(KIND, namespace=namespace)
        wanted = frozenset(applications)
        return [
            _summary(stored)
            for stored in found
            if not wanted or wanted.intersection(stored.document["applications"])
        ]

    def delete(self, config_id: str, *, namespace: str) -> None:
        """Remove the configuration; runs that it started keep it. Raises NotFound."""
        self._documents.delete(KIND, config_id, namespace=namespace)


def _checked(sent: Mapping[str, Any]) -> CanaryConfig:
    """What ``sent`` says. Raises SpecError with all that is wrong with it."""
    issues = list(_id_issues(sent))
    try:
        config = read_config(sent, stored=True)
    except SpecError as error:
        raise SpecError([*error.issues, *issues]) from error
    issues += [
        Issue(field, "must be a time in milliseconds, from 1970 on")
        for field, value in (
            ("createdTimestamp", config.created_timestamp),
            ("updatedTimestamp", config.updated_timestamp),
        )
        if not 0 <= (value or 0) <= LATEST * 1000
    ]
    if len(config.name) > LONGEST:
        issues.append(Issue("name", f"has {len(config.name)} characters; give at most {LONGEST}"))
    if issues:
        raise SpecError(issues)
    return config


def _id_issues(sent: Mapping[str, Any]) -> list[Issue]:
    config_id = sent.get("id")
    if not config_id:
        return []
    if isinstance(config_id, str) and len(config_id) <= LONGEST and _ID.fullmatch(config_id):
        return []
    return [Issue("id", f"must be a text of 1 to {LONGEST} characters without a slash")]


def _or(given: int | None, otherwise: int) -> int:
    return otherwise if given is None else given


def _stamped(
    sent: Mapping[str, Any], config: CanaryConfig, *, made: int, changed: int
) -> dict[str, Any]:
    return {
        **sent,
        "name": config.name,
        "applications": list(config.applications),
        "createdTimestamp": made,
        "updatedTimestamp": changed,
        "createdTimestampIso": instant_text(made / 1000),
        "updatedTimestampIso": instant_text(changed / 1000),
    }


def _summary(stored: StoredDocument) -> dict[str, Any]:
    return {
        "id": stored.id,
        "name": stored.name,
        "updatedTimestamp": millis(stored.updated_at),
        "updatedTimestampIso": instant_text(stored.updated_at),
        "applications": stored.document["applications"],
    }


def _unique(config: CanaryConfig) -> Check:
    """Refuses a configuration whose name another has in one of the same applications."""

    def check(rivals: Rivals) -> None:
        for rival in rivals:
            if set(config.applications).intersection(rival.document["applications"]):
                raise Conflict(
                    f"Canary config with name '{config.name}' already exists in the scope of "
                    f"applications [{', '.join(config.applications)}]."
                )

    return check
