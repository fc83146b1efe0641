"""The body of a request: bounded in bytes, seconds and depth, and JSON without surprises.

Promises that whatever reaches a handler is JSON that can be stored and written again: no NaN or
infinity, no key twice (the reader and the writer may disagree on which one counts), no text that
is not Unicode, no nesting deep enough to hurt whoever walks it.
"""

from __future__ import annotations

import asyncio
import json
import math
import re
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException

MAX_DEPTH = 32
SECONDS = 30.0
LARGEST = 2**63 - 1
_SURROGATE = re.compile("[\ud800-\udfff]")


class StrictRequest(Request):
    """A request whose body is read as this module promises."""

    _content: bytes | None = None

    async def content(self) -> bytes:
        """The whole body, of any type. 413 where it is too large, 408 where it does not end."""
        if self._content is None:
            limit = self.app.state.context.settings.max_body
            try:
                async with asyncio.timeout(SECONDS):
                    self._content = await self._read(limit)
            except TimeoutError as exc:
                raise HTTPException(408, f"the body did not end within {SECONDS:g} s") from exc
        return self._content

    async def body(self) -> bytes:
        """The same, which is JSON or empty. 415 where it says that it is something else."""
        content = await self.content()
        if content and not _is_json(self.headers.get("content-type", "")):
            raise HTTPException(415, "send JSON, with Content-Type: application/json")
        return content

    async def json(self) -> Any:
        """What the body says. 400 where that is not clear."""
        try:
            return parse(await self.body())
        except ValueError as exc:
            raise HTTPException(400, f"the body is not JSON as it must be: {exc}") from exc

    async def _read(self, limit: int) -> bytes:
        chunks = bytearray()
        async for chunk in self.stream():
            chunks += chunk
            if len(chunks) > limit:
                raise HTTPException(
                    413, f"the body is longer than {limit} bytes (the setting max_body)"
                )
        return bytes(chunks)


class StrictRoute(APIRoute):
    """A route whose handler gets a `StrictRequest`."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """FastAPI's handler, handed our kind of request."""
        handle = super().get_route_handler()

        async def strict(request: Request) -> Response:
            return await handle(StrictRequest(request.scope, request.receive))

        return strict


def parse(text: bytes) -> Any:
    """The value of a JSON text. Raises ValueError with what is wrong."""
    try:
        value = json.loads(
            text.decode("utf-8"),
            object_pairs_hook=_mapping,
            parse_constant=_refuse_constant,
            parse_float=_finite,
            parse_int=_whole,
        )
    except UnicodeDecodeError as exc:
        raise ValueError(f"byte {exc.start} is not UTF-8") from exc
    except RecursionError as exc:
        raise ValueError(f"it is nested deeper than {MAX_DEPTH} levels") from exc
    _check(value, depth=0)
    return value


def _mapping(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    mapping = dict(pairs)
    if len(mapping) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the key {twice[:80]!r} is there twice")
    return mapping


def _refuse_constant(name: str) -> Any:
    raise ValueError(f'{name} is no JSON number; where one is allowed it is the text "{name}"')


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"{text[:20]} is too large for a number")
    return value


def _whole(text: str) -> int:
    value = int(text[:30])
    if abs(value) > LARGEST:
        raise ValueError("a whole number has more than 64 bits")
    return value


def _check(value: Any, *, depth: int) -> None:
    if depth > MAX_DEPTH:
        raise ValueError(f"it is nested deeper than {MAX_DEPTH} levels")
    if isinstance(value, str):
        _check_text(value)
    elif isinstance(value, dict):
        for name, inner in value.items():
            _check_text(name)
            _check(inner, depth=depth + 1)
    elif isinstance(value, list):
        for inner in value:
            _check(inner, depth=depth + 1)


def _check_text(text: str) -> None:
    if "\0" in text or (not text.isascii() and _SURROGATE.search(text)):
        raise ValueError("a text holds a character that is none (NUL or half a surrogate pair)")


def _is_json(content_type: str) -> bool:
    return content_type.partition(";")[0].strip().lower() == "application/json"
