"""Nobody is mailed without end by what others do here."""

from __future__ import annotations

from uuid import uuid4

import pytest

from events.limits import buckets
from outbound.gating import strangers
from outbound.gating.strangers import TooMany
from tests.metering.quotas.test_quota import NOBODY_LISTENS

RATES = {
    "MAIL_PER_RECIPIENT_OF_WORKSPACE": "2/d",
    "MAIL_PER_RECIPIENT": "3/d",
    "MAIL_PER_WORKSPACE": "4/d",
    "MAIL_PER_SENDER": "5/d",
}


@pytest.fixture(params=["redis", "alone"])
def send(request, settings):
    for name, rate in RATES.items():
        setattr(settings, name, rate)
    if request.param == "alone":
        settings.REDIS_URL = NOBODY_LISTENS
    run = uuid4().hex

    def go(to="a", workspace="w", sender="s"):
        strangers.require(
            to=f"{to}-{run}@example.org", workspace=f"{workspace}-{run}", sender=f"{sender}-{run}"
        )

    yield go
    buckets._redis_circuit.succeeded()


def refused(send, **what) -> TooMany:
    with pytest.raises(TooMany) as refusal:
        send(**what)
    return refusal.value


def test_one_address_is_mailed_so_often_by_one_workspace(send):
    for _ in range(2):
        send()
    refusal = refused(send)
    assert refusal.reason == "recipient_of_workspace"
    assert 1 <= refusal.retry_after <= 86_400 / 2
    assert "try again in 12 hours" in str(refusal)
    send(to="b")  # another is not touched


def test_one_address_is_mailed_so_often_by_all_workspaces_together(send):
    for number in range(3):
        send(workspace=f"w{number}", sender=f"s{number}")
    assert refused(send, workspace="w4", sender="s4").reason == "recipient"


def test_one_workspace_mails_so_many(send):
    for number in range(4):
        send(to=f"a{number}", sender=f"s{number}")
    assert refused(send, to="a5", sender="s5").reason == "workspace"


def test_one_person_mails_so_many_from_all_their_workspaces(send):
    for number in range(5):
        send(to=f"a{number}", workspace=f"w{number}")
    assert refused(send, to="a6", workspace="w6").reason == "sender"


def test_a_refusal_takes_nothing_from_the_others(send):
    for _ in range(2):
        send()
    for _ in range(9):
        refused(send)
    send(to="b")
    send(to="c")  # the workspace's four are not used up by refusals
    assert refused(send, to="d").reason == "workspace"
