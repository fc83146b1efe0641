"""A table of every field of a JSON schema, as the documentation shows it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from judge.spec.units import DURATION_PATTERN, format_duration


def rows(schema: dict[str, Any]) -> list[str]:
    """Lines of a markdown table: field, type, default, meaning."""
    return list(_Rows(schema).of(schema, ""))


class _Rows:
    """Goes down the schema; fields that were shown are referred to."""

    def __init__(self, schema: dict[str, Any]) -> None:
        self.definitions = schema["$defs"]
        self.shown: dict[str, str] = {}

    def of(self, model: dict[str, Any], prefix: str) -> Iterator[str]:
        required = model.get("required", [])
        for name, field in model["properties"].items():
            path = f"{prefix}{name}"
            default = "needed" if name in required else self.default(field)
            inner = self.model_in(field)
            kind = self.kind(field)
            if inner and inner in self.shown:
                kind = f"as `{self.shown[inner]}`"
            yield f"| `{path}` | {kind} | {default} | {field['description']} |"
            if inner and inner not in self.shown:
                self.shown[inner] = path
                below = f"{path}[]." if "array" in self.types(field) else f"{path}."
                yield from self.of(self.definitions[inner], below)

    def default(self, field: dict[str, Any]) -> str:
        value = field.get("default")
        if value in (None, [], ""):
            return ""
        if isinstance(value, bool):
            return f"`{str(value).lower()}`"
        if isinstance(value, list):
            return "`[" + ", ".join(value) + "]`"
        if isinstance(value, float) and field.get("pattern") == DURATION_PATTERN:
            return f"`{format_duration(value)}`"
        return f"`{value:g}`" if isinstance(value, float) else f"`{value}`"

    def options(self, field: dict[str, Any]) -> list[dict[str, Any]]:
        """The alternatives of a field, references resolved, without null."""
        found: list[dict[str, Any]] = []
        for one in field.get("anyOf") or field.get("oneOf") or [field]:
            if one.get("anyOf") or one.get("oneOf"):
                found += self.options(one)
            elif one.get("type") != "null":
                found.append(one)
        return found

    def types(self, field: dict[str, Any]) -> list[str]:
        return [str(one.get("type", "")) for one in self.options(field)]

    def model_in(self, field: dict[str, Any]) -> str:
        """The name of the mapping that a field is, or is a list of."""
        for one in self.options(field):
            reference = one.get("items", one).get("$ref", "").rpartition("/")[2]
            if reference and "properties" in self.definitions[reference]:
                return reference
        return ""

    def kind(self, field: dict[str, Any]) -> str:
        words = [self.word(one) for one in self.options(field)]
        if words[:2] == ["number", "share"] and self.is_share(field):
            words.remove("number")
        return " or ".join(words)

    def is_share(self, field: dict[str, Any]) -> bool:
        """Whether its number is a share too: at most 1."""
        return any(one.get("maximum") == 1 for one in self.options(field))

    def word(self, one: dict[str, Any]) -> str:
        if "$ref" in one:
            found = self.definitions[one["$ref"].rpartition("/")[2]]
            return _choices(found["enum"]) if "enum" in found else "mapping"
        if "enum" in one or "const" in one:
            return _choices(one.get("enum") or [one["const"]])
        if one.get("pattern") == DURATION_PATTERN:
            return "duration"
        if "%" in one.get("pattern", ""):
            return "share"
        words = {"string": "text", "number": "number", "boolean": "`true`, `false`"}
        if one.get("type") == "array":
            return "list"
        if one.get("type") == "object":
            numbers = one.get("additionalProperties", {}).get("type") == "number"
            return f"mapping of {'numbers' if numbers else 'texts'}"
        return words.get(str(one.get("type")), "text")


def _choices(values: list[str]) -> str:
    return ", ".join(f"`{value}`" for value in values)
