"""The demo's receiver believes what is signed, and nothing else."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json

import pytest
import requests

from judge.lab.demo.clock import FastClock
from judge.lab.demo.receiver import TOLERANCE, Receiver, new_secret, verify

NOW = 1_700_000_000.0
SECRET = new_secret(lambda size: b"k" * size)
BODY = json.dumps({"type": "run.pass"}).encode()


def signed(body: bytes = BODY, *, name: str = "run-1", at: float = NOW) -> dict[str, str]:
    key = base64.b64decode(SECRET.removeprefix("whsec_"))
    digest = hmac.new(key, f"{name}.{int(at)}.".encode() + body, hashlib.sha256).digest()
    return {
        "webhook-id": name,
        "webhook-timestamp": str(int(at)),
        "webhook-signature": "v1," + base64.b64encode(digest).decode(),
    }


def test_the_specification_s_own_example_is_verified() -> None:
    # From the Standard Webhooks reference libraries' tests.
    headers = {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }
    body = b'{"test": 2432232314}'
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    assert verify(headers, body, secret=secret, now=1614265330.0) == headers["webhook-id"]


@pytest.mark.parametrize(
    "change",
    [
        {"webhook-signature": "v1,AAAA"},
        {"webhook-signature": ""},
        {"webhook-id": "another"},
        {"webhook-timestamp": str(int(NOW) + 1)},
        {"webhook-timestamp": "soon"},
    ],
)
def test_a_changed_header_is_refused(change: dict[str, str]) -> None:
    assert verify(signed() | change, BODY, secret=SECRET, now=NOW) is None


def test_an_old_signature_is_refused() -> None:
    assert verify(signed(), BODY, secret=SECRET, now=NOW + TOLERANCE) == "run-1"
    assert verify(signed(), BODY, secret=SECRET, now=NOW + TOLERANCE + 1) is None


def test_a_second_signature_may_be_the_right_one() -> None:
    right = signed()["webhook-signature"]
    headers = signed() | {"webhook-signature": f"v1,AAAA {right}"}
    assert verify(headers, BODY, secret=SECRET, now=NOW) == "run-1"


def test_the_server_keeps_a_webhook_once_and_refuses_a_forged_one() -> None:
    with Receiver(SECRET, clock=lambda: NOW) as receiver:
        url = f"{receiver.address}/promote"
        answers = [requests.post(url, data=BODY, headers=signed(), timeout=5) for _ in range(2)]
        forged = requests.post(url, data=b"{}", headers=signed(), timeout=5)
        assert [answer.status_code for answer in answers] == [204, 204]
        assert forged.status_code == 401
        assert receiver.wait(1, timeout=1)
        assert not receiver.wait(2, timeout=0.01)
        (only,) = receiver.received
    assert (only.id, only.path, only.body) == ("run-1", "/promote", {"type": "run.pass"})
    assert receiver.refused == 1


def test_fast_clock_passes_speed_times_as_fast() -> None:
    now = [100.0]
    clock = FastClock(20.0, clock=lambda: now[0])
    assert clock() == 100.0
    now[0] = 103.0
    assert clock() == 160.0
