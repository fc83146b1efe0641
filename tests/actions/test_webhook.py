"""One webhook, sent once: what goes out, and how the answer is understood."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import socket
import time
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from judge.actions.webhook import read_secret, send, sign
from judge.actions.webhook import receiver as shown
from judge.errors import ActionError
from judge.spec.resolved import Webhook
from tests.actions.receiver import Answer, Receiver

NOW = 1_700_000_000.75


def _send(hook: Webhook, body: str = '{"a": 1}') -> None:
    send(hook, message_id="run-1-decision-0", body=body, wall=lambda: NOW)


def _refused(hook: Webhook) -> ActionError:
    with pytest.raises(ActionError) as caught:
        _send(hook)
    return caught.value


def test_signature_is_that_of_the_specification() -> None:
    """The example of Standard Webhooks' own libraries."""
    secret = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    signature = sign(
        secret,
        message_id="msg_p5jXN8AQM9LWM0D4loKWxJek",
        timestamp=1614265330,
        body=b'{"test": 2432232314}',
    )
    assert signature == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_what_is_sent(receiver: Receiver, tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_text("whsec_" + base64.b64encode(b"0123456789abcdef01234567").decode() + "\n")
    hook = Webhook(f"{receiver.url}/a?b=c", secret_file=str(key), headers={"X-Team": "web"})
    _send(hook, body='{"ü": 1}')
    (got,) = receiver.received
    assert (got.path, got.body) == ("/a?b=c", '{"ü": 1}'.encode())
    assert got.headers["content-type"] == "application/json"
    assert got.headers["idempotency-key"] == got.headers["webhook-id"] == "run-1-decision-0"
    assert got.headers["webhook-timestamp"] == "1700000000"
    assert got.headers["x-team"] == "web"
    signed = b"run-1-decision-0.1700000000." + got.body
    wanted = hmac.new(b"0123456789abcdef01234567", signed, hashlib.sha256).digest()
    assert got.headers["webhook-signature"] == "v1," + base64.b64encode(wanted).decode()


def test_without_a_secret_nothing_is_signed(receiver: Receiver) -> None:
    _send(Webhook(receiver.url))
    assert "webhook-signature" not in receiver.received[0].headers


def test_analysis_cannot_write_over_what_a_receiver_trusts(receiver: Receiver) -> None:
    _send(Webhook(receiver.url, headers={"Webhook-Id": "mine", "WEBHOOK-TIMESTAMP": "0"}))
    assert receiver.received[0].headers["webhook-id"] == "run-1-decision-0"
    assert receiver.received[0].headers["webhook-timestamp"] == "1700000000"


def test_password_of_the_netrc_stays_at_home(
    receiver: Receiver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password hunter2")
    monkeypatch.setitem(os.environ, "NETRC", str(netrc))
    _send(Webhook(receiver.url))
    assert "authorization" not in receiver.received[0].headers


@pytest.mark.parametrize(
    ("written", "secret"),
    [
        ("whsec_aGVsbG8=", b"hello"),
        ("  whsec_aGVsbG8=\n", b"hello"),
        ("hello\n", b"hello"),
        ("aGVsbG8=", b"aGVsbG8="),
    ],
)
def test_secret_of_a_file(tmp_path: Path, written: str, secret: bytes) -> None:
    (tmp_path / "key").write_text(written)
    assert read_secret(str(tmp_path / "key")) == secret


@pytest.mark.parametrize(
    ("written", "said"),
    [(b"whsec_!!", "not base64"), (b" \n", "is empty"), (b"whsec_", "empty"), (b"\xff", "no text")],
)
def test_secret_that_cannot_be_used_is_named_and_waited_for(
    receiver: Receiver, tmp_path: Path, written: bytes, said: str
) -> None:
    (tmp_path / "key").write_bytes(written)
    error = _refused(Webhook(receiver.url, secret_file=str(tmp_path / "key")))
    assert said in str(error)
    assert str(tmp_path / "key") in str(error)
    assert error.retry
    assert receiver.received == []


def test_secret_that_is_missing_sends_nothing(receiver: Receiver, tmp_path: Path) -> None:
    error = _refused(Webhook(receiver.url, secret_file=str(tmp_path / "nothing")))
    assert "No such file" in str(error)
    assert error.retry
    assert receiver.received == []


@pytest.mark.parametrize("status", [200, 201, 202, 204])
def test_accepted(receiver: Receiver, status: int) -> None:
    receiver.answers = [Answer(status)]
    _send(Webhook(receiver.url))


@pytest.mark.parametrize("status", [408, 409, 425, 429, 500, 502, 503, 504])
def test_worth_another_try(receiver: Receiver, status: int) -> None:
    receiver.answers = [Answer(status)]
    error = _refused(Webhook(receiver.url))
    assert (error.retry, error.after) == (True, None)
    assert str(status) in str(error)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 422])
def test_not_worth_another_try(receiver: Receiver, status: int) -> None:
    receiver.answers = [Answer(status)]
    error = _refused(Webhook(receiver.url))
    assert not error.retry
    assert str(status) in str(error)


def test_redirect_is_not_followed(receiver: Receiver) -> None:
    receiver.answers = [Answer(307, {"location": f"{receiver.url}/elsewhere"})]
    error = _refused(Webhook(receiver.url))
    assert not error.retry
    assert "redirect" in str(error)
    assert len(receiver.received) == 1


@pytest.mark.parametrize(
    ("header", "after"),
    [
        ("7", 7.0),
        ("0", 0.0),
        ("-3", 0.0),
        ("Tue, 14 Nov 2023 22:13:50 GMT", 29.25),
        ("Tue, 14 Nov 2023 22:13:50 -0000", 29.25),
        ("Mon, 13 Nov 2023 22:13:50 GMT", 0.0),
        ("soon", None),
        ("nan", None),
        ("inf", None),
        ("", None),
    ],
)
def test_when_it_is_asked_to_come_back(
    receiver: Receiver, header: str, after: float | None
) -> None:
    receiver.answers = [Answer(503, {"retry-after": header})]
    assert _refused(Webhook(receiver.url)).after == after


def _close(handler: BaseHTTPRequestHandler) -> None:
    handler.close_connection = True


def _nonsense(handler: BaseHTTPRequestHandler) -> None:
    handler.wfile.write(b"SSH-2.0-OpenSSH_9.2\r\n")
    handler.close_connection = True


@pytest.mark.parametrize("instead", [_close, _nonsense])
def test_broken_answers_are_tried_again(receiver: Receiver, instead: object) -> None:
    receiver.answers = [Answer(instead=instead)]  # type: ignore[arg-type]
    assert _refused(Webhook(receiver.url)).retry


def test_slow_answer_is_not_waited_for(receiver: Receiver) -> None:
    receiver.answers = [Answer(instead=lambda handler: time.sleep(1))]
    began = time.monotonic()
    error = _refused(Webhook(receiver.url, timeout=0.1))
    assert time.monotonic() - began < 0.8
    assert error.retry
    assert "within 0.1 s" in str(error)


def test_endless_answer_is_not_read(receiver: Receiver) -> None:
    def endless(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\ncontent-length: 99999999999\r\n\r\n")
        for _ in range(200):
            handler.wfile.write(b"x" * 65536)
            time.sleep(0.01)

    receiver.answers = [Answer(instead=endless)]
    began = time.monotonic()
    _send(Webhook(receiver.url))
    assert time.monotonic() - began < 1


def test_nobody_there() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    error = _refused(Webhook(f"http://127.0.0.1:{port}/hunter2"))
    assert error.retry
    assert str(error) == f"http://127.0.0.1:{port} could not be reached: Connection refused"


@pytest.mark.parametrize(
    "hook",
    [
        Webhook("ftp://127.0.0.1/hunter2"),
        Webhook("file:///etc/passwd?hunter2"),
        Webhook("http://127.0.0.1:1/", headers={"X-Bad": "a\r\nhunter2: b"}),
        Webhook("http:///hunter2"),
    ],
)
def test_what_cannot_be_sent_is_given_up(hook: Webhook) -> None:
    error = _refused(hook)
    assert not error.retry
    assert "hunter2" not in str(error)


@pytest.mark.parametrize("status", [302, 404, 500])
def test_no_message_tells_the_path_of_a_url(receiver: Receiver, status: int) -> None:
    """Chat systems put their credential there."""
    receiver.answers = [Answer(status)]
    error = _refused(Webhook(f"{receiver.url}/services/hunter2"))
    assert receiver.url in str(error)
    assert "hunter2" not in str(error)


@pytest.mark.parametrize(
    ("url", "may_be_shown"),
    [
        ("https://user:hunter2@host:8443/path?q#f", "https://host:8443"),
        ("http://host/path", "http://host"),
        ("http://host:port/", "an unreadable URL"),
        ("http://[", "an unreadable URL"),
    ],
)
def test_what_is_shown_of_a_url(url: str, may_be_shown: str) -> None:
    assert shown(url) == may_be_shown
