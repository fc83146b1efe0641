"""``/docs``: the OpenAPI document as a page that needs nothing from elsewhere, and no script."""

from __future__ import annotations

import json
from collections.abc import Iterator
from html import escape
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

router = APIRouter(include_in_schema=False)

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title} {version}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 56rem }}
body {{ margin: 2rem auto; padding: 0 1rem }}
code, pre {{ font: 14px/1.4 ui-monospace, monospace }}
pre {{ background: #8881; padding: .8rem; overflow-x: auto }}
h2 {{ border-top: 1px solid #8886; padding-top: 1rem; font-size: 1.1rem }}
:root {{ color-scheme: light dark }}
</style></head><body>
<h1>{title} {version}</h1>
<p>{description}</p>
<p>The same for programs: <a href="openapi.json">openapi.json</a></p>
{operations}
</body></html>"""


@router.get("/docs")
def docs(request: Request) -> HTMLResponse:
    """Every operation with its parameters, answers and examples."""
    document = request.app.openapi()
    page = _PAGE.format(
        title=escape(document["info"]["title"]),
        version=escape(document["info"]["version"]),
        description=_paragraphs(document["info"]["description"]),
        operations="\n".join(_operations(document)),
    )
    headers = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'"}
    return HTMLResponse(page, headers=headers)


def _operations(document: dict[str, Any]) -> Iterator[str]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield f"<h2><code>{method.upper()} {escape(path)}</code></h2>"
            yield f"<p>{_paragraphs(operation.get('description', ''))}</p>"
            yield from _parameters(operation.get("parameters", []))
            for media in operation.get("requestBody", {}).get("content", {}).values():
                for example in media.get("examples", {}).values():
                    yield _example(f"Request: {example['summary']}", example["value"])
            for status, answer in operation["responses"].items():
                yield from _answer(status, answer)


def _parameters(parameters: list[dict[str, Any]]) -> Iterator[str]:
    if parameters:
        items = (
            f"<li><code>{escape(one['name'])}</code> ({escape(one['in'])}) "
            f"{escape(one.get('description', ''))}</li>"
            for one in parameters
        )
        yield f"<ul>{''.join(items)}</ul>"


def _answer(status: str, answer: dict[str, Any]) -> Iterator[str]:
    title = f"{status}: {answer['description']}"
    examples = [
        media["example"] for media in answer.get("content", {}).values() if "example" in media
    ]
    for example in examples:
        yield _example(title, example)
    if not examples:
        yield f"<p>{escape(title)}</p>"


def _example(title: str, value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value, indent=2)
    return f"<p>{escape(title)}</p><pre>{escape(text)}</pre>"


def _paragraphs(text: str) -> str:
    return escape(text.strip()).replace("\n\n", "</p><p>")
