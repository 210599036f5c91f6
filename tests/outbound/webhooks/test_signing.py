"""What we sign, the reference implementation of Standard Webhooks verifies."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
import standardwebhooks
from hypothesis import given
from hypothesis import strategies as st

from outbound.webhooks import signing

ID = "msg_1"


def verify(secret: str, body: bytes, headers: dict[str, str]) -> object:
    return standardwebhooks.Webhook(secret).verify(body.decode(), headers)


@given(st.dictionaries(st.text(), st.text() | st.integers() | st.none()))
def test_any_body_is_verified_by_the_reference(data):
    import json

    secret, body = signing.new_secret(), json.dumps(data, ensure_ascii=True).encode()
    headers = signing.headers(body, message_id=ID, at=datetime.now(UTC), keys=[secret])
    assert verify(secret, body, headers) == data


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "Asia/Kathmandu"])
def test_the_instant_is_signed_whatever_its_zone(zone):
    secret = signing.new_secret()
    at = datetime.now(ZoneInfo(zone))
    headers = signing.headers(b"{}", message_id=ID, at=at, keys=[secret])
    assert verify(secret, b"{}", headers) == {}


def test_both_secrets_of_an_overlap_verify_and_no_third_one():
    former, current, other = (signing.new_secret() for _ in range(3))
    headers = signing.headers(b"{}", message_id=ID, at=datetime.now(UTC), keys=[current, former])
    assert verify(former, b"{}", headers) == verify(current, b"{}", headers) == {}
    with pytest.raises(standardwebhooks.WebhookVerificationError):
        verify(other, b"{}", headers)


def test_a_changed_body_is_not_verified():
    secret = signing.new_secret()
    headers = signing.headers(b'{"a":1}', message_id=ID, at=datetime.now(UTC), keys=[secret])
    with pytest.raises(standardwebhooks.WebhookVerificationError):
        verify(secret, b'{"a":2}', headers)
