"""Runs started over the API and followed to their end, shown as they go.

Owned here: the use of the server: POST, events, evidence; and waiting for the webhooks. What came
of it is handed back; whether that is as it should be is the caller's to say.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Console

from judge.cli.client import Client
from judge.cli.demonstration.server import DemoServer
from judge.cli.demonstration.stream import Happened, follow
from judge.cli.live.board import Board
from judge.cli.live.screen import Screen
from judge.errors import JudgeError, ServerUnavailable
from judge.lab.demo.receiver import Received
from judge.verdict.verdict import Outcome

_GLANCE = 0.1
_WEBHOOK = 20.0
"""Seconds for which a webhook is waited for, once its run has ended."""


@dataclass(frozen=True, slots=True)
class Scene:
    """A run to be: its title, its analysis's document, and when it starts (Unix seconds)."""

    title: str
    document: Mapping[str, Any]
    started_at: float | None = None


@dataclass(frozen=True, slots=True)
class Played:
    """A run that has ended: its last document and evidence, and its webhook if that came."""

    run: Mapping[str, Any]
    evidence: Mapping[str, Any]
    webhook: Received | None


_TOLD = (Outcome.PASS, Outcome.FAIL)
"""The outcomes for which the demo's analysis has a webhook."""

_Message = tuple[int, Happened | JudgeError | None]


def play(
    server: DemoServer, scenes: Sequence[Scene], *, console: Console, footer: str = ""
) -> list[Played]:
    """Start a run for each scene and show them all until they have ended."""
    with Client(server.address, None) as client:
        started = [_start(client, scene) for scene in scenes]
        boards = [
            Board(scene.title, run["looksPlanned"], run["interval"])
            for scene, run in zip(scenes, started, strict=True)
        ]
        ids = [str(run["id"]) for run in started]
        with Screen(boards, console=console, footer=footer) as screen:
            _watch(server, ids, boards, screen)
            _await_webhooks(server, ids, boards, screen)
        return [_played(client, server, run_id) for run_id in ids]


def _start(client: Client, scene: Scene) -> Mapping[str, Any]:
    body = {"analysis": scene.document, "startedAt": scene.started_at}
    run: Mapping[str, Any] = client.post("/api/v1/runs", body)["data"]
    return run


def _watch(server: DemoServer, ids: Sequence[str], boards: Sequence[Board], screen: Screen) -> None:
    """Show every event of every run, until all have ended."""
    messages: queue.Queue[_Message] = queue.Queue()
    for index, run_id in enumerate(ids):
        arguments = (server.address, index, run_id, messages)
        threading.Thread(target=_listen, args=arguments, daemon=True).start()
    while not all(board.ended for board in boards):
        try:
            index, message = messages.get(timeout=_GLANCE)
        except queue.Empty:
            _note_webhooks(server, ids, boards)
            screen.show()
            continue
        if isinstance(message, Happened):
            boards[index].take(message.type, message.data)
        elif not boards[index].ended:
            raise message or ServerUnavailable(f"the events of run {ids[index]} broke off")
        screen.show()


def _listen(server: str, index: int, run_id: str, messages: queue.Queue[_Message]) -> None:
    try:
        for happened in follow(server, run_id):
            messages.put((index, happened))
    except JudgeError as error:
        messages.put((index, error))
    else:
        messages.put((index, None))


def _await_webhooks(
    server: DemoServer, ids: Sequence[str], boards: Sequence[Board], screen: Screen
) -> None:
    """Give the webhooks that the verdicts call for some time to arrive."""
    deadline = time.monotonic() + _WEBHOOK
    while time.monotonic() < deadline:
        _note_webhooks(server, ids, boards)
        screen.show()
        if all(board.afterwards or board.outcome not in _TOLD for board in boards):
            return
        server.receiver.wait(len(ids), timeout=_GLANCE)


def _note_webhooks(server: DemoServer, ids: Sequence[str], boards: Sequence[Board]) -> None:
    """Say of each run that has ended whether its webhook has come."""
    for run_id, board in zip(ids, boards, strict=True):
        found = _webhook(server, run_id) if board.ended and not board.afterwards else None
        if found is not None:
            board.afterwards = f"webhook {found.path} received, its signature verified"


def _webhook(server: DemoServer, run_id: str) -> Received | None:
    told = [one for one in server.receiver.received if one.body["data"]["run"] == run_id]
    return told[0] if told else None


def _played(client: Client, server: DemoServer, run_id: str) -> Played:
    run = client.get(f"/api/v1/runs/{run_id}")["data"]
    evidence = client.get(f"/api/v1/runs/{run_id}/evidence")
    return Played(run, evidence, _webhook(server, run_id))
