"""A proposed analysis as YAML, with what was found and why beside each metric.

Owned here: the text. Promised: it is an analysis that can be loaded as it stands. Not here: what
stands in it.
"""

from __future__ import annotations

import io
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq

from judge.spec.analysis import API_VERSION, KIND

WIDTH = 96


@dataclass(frozen=True, slots=True)
class DraftMetric:
    """A metric's fields, in the order in which they are written, and the remarks above them."""

    fields: Mapping[str, Any]
    remarks: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Draft:
    """All that a proposed analysis says. ``tracks`` are their fields by name.

    ``spec`` comes before the tracks; ``head``, ``on_fields``, ``on_tracks`` and ``beside`` are
    remarks: on the whole, on fields of ``spec``, on how the tracks were told apart, on what was
    left out.
    """

    name: str
    namespace: str
    spec: Mapping[str, Any]
    tracks: Mapping[str, Mapping[str, Any]]
    metrics: Sequence[DraftMetric]
    head: Sequence[str] = ()
    on_tracks: Sequence[str] = ()
    beside: Sequence[str] = field(default=())
    labels: Mapping[str, str] = field(default_factory=dict)
    on_fields: Mapping[str, Sequence[str]] = field(default_factory=dict)


def written(draft: Draft) -> str:
    """The YAML text of ``draft``."""
    metadata = CommentedMap(name=draft.name)
    if draft.namespace:
        metadata["namespace"] = draft.namespace
    if draft.labels:
        metadata["labels"] = _flowing(draft.labels)
    spec = CommentedMap(draft.spec)
    for name, value in spec.items():
        spec[name] = _flowing(value)
    spec["tracks"] = CommentedMap({name: CommentedMap(one) for name, one in draft.tracks.items()})
    for track in spec["tracks"].values():
        for name, value in track.items():
            track[name] = _flowing(value)
    spec["metrics"] = _metrics(draft.metrics)
    for name, remarks in {**draft.on_fields, "tracks": draft.on_tracks}.items():
        _remark(spec, name, remarks, indent=2)
    document = CommentedMap(apiVersion=API_VERSION, kind=KIND, metadata=metadata, spec=spec)
    metadata.fa.set_flow_style()
    return _comment(draft.head) + _dumped(document) + _comment(draft.beside, indent=2)


def _metrics(metrics: Sequence[DraftMetric]) -> CommentedSeq:
    listed = CommentedSeq()
    for i, metric in enumerate(metrics):
        listed.append(CommentedMap({name: _flowing(one) for name, one in metric.fields.items()}))
        _remark(listed, i, metric.remarks, indent=4)
    return listed


def _flowing(value: Any) -> Any:
    """``value`` as it stands on one line."""
    if isinstance(value, Mapping):
        flowing = CommentedMap({name: _flowing(one) for name, one in value.items()})
        flowing.fa.set_flow_style()
        return flowing
    if isinstance(value, (list, tuple)):
        listed = CommentedSeq(value)
        listed.fa.set_flow_style()
        return listed
    return value


def _remark(
    around: CommentedMap | CommentedSeq, key: str | int, remarks: Sequence[str], *, indent: int
) -> None:
    if remarks:
        lines = [line for remark in remarks for line in _wrapped(remark, WIDTH - indent)]
        around.yaml_set_comment_before_after_key(key, before="\n".join(lines), indent=indent)


def _comment(remarks: Sequence[str], *, indent: int = 0) -> str:
    lines = [line for remark in remarks for line in _wrapped(remark, WIDTH - indent)]
    return "".join(f"{' ' * indent}# {line}".rstrip() + "\n" for line in lines)


def _wrapped(remark: str, width: int) -> list[str]:
    """``remark`` on lines; one that begins with a blank stands as it is."""
    # A label's value may hold what YAML takes for the end of a line, and with it of the comment.
    printable = "".join(char if char.isprintable() else "?" for char in remark)
    if remark.startswith(" "):
        return [printable]
    return textwrap.wrap(printable, width, break_long_words=False, break_on_hyphens=False) or [""]


def _dumped(document: CommentedMap) -> str:
    yaml = YAML(typ="rt")
    yaml.width = 4096
    yaml.indent(mapping=2, sequence=4, offset=2)
    sink = io.StringIO()
    yaml.dump(document, sink)
    return sink.getvalue()
