"""Mails that ask for a proof: nobody's mailbox is filled by others, and one's own mail still comes."""

from __future__ import annotations

import pytest
from allauth.account.models import EmailAddress
from django.core import mail

from events.limits.clients import UNKNOWN
from identity.models import User
from identity.proofs import mail_limits
from tests.identity.attempts.test_sign_in_limits import solved
from tests.identity.mailbox import ADDRESS


def to(address: str) -> int:
    return sum(message.to == [address] for message in mail.outbox)


@pytest.fixture
def fill(client_for, mailbox):
    """Strangers sign up with the address until its mailbox gets no more of it."""

    def sign_up(count: int = 9) -> None:
        for number in range(count):
            client = client_for(REMOTE_ADDR=f"203.0.113.{number}")
            mailbox.sign_up(client, workspace=f"Spam {number}")

    return sign_up


def test_one_mailbox_gets_a_few_mails_a_day_from_strangers(fill):
    fill(24)
    assert to(ADDRESS) == 5


class TestWhoseMailboxOthersHaveFilled:
    @pytest.fixture
    def client(self, client_for, fill, mailbox):
        """The honest person, whose own mail did not go out."""
        fill()
        client = client_for()
        before = to(ADDRESS)
        mailbox.sign_up(client, workspace="Mine")
        assert to(ADDRESS) == before
        return client

    def test_gets_their_own_after_a_small_sum(self, client, mailbox):
        before = to(ADDRESS)
        send = {"email": ADDRESS, "action_send": ""}
        page = client.post("/email/", send).content.decode()
        assert "on its way already" not in page
        assert "One more step" in page
        with mailbox.open():
            client.post("/email/", {**send, "proof": solved(page)})
        assert to(ADDRESS) == before + 1
        client.post(mailbox.link())
        assert EmailAddress.objects.get(user__name="Who began Mine").verified

    def test_and_a_solution_is_good_once(self, client, client_for, mailbox):
        before = to(ADDRESS)
        send = {"email": ADDRESS, "action_send": ""}
        proof = solved(client.post("/email/", send).content.decode())
        other = client_for()
        mailbox.sign_up(other, workspace="Spam again")
        with mailbox.open():
            client.post("/email/", {**send, "proof": proof})
            assert (
                "One more step" in other.post("/email/", {**send, "proof": proof}).content.decode()
            )
        assert to(ADDRESS) == before + 1

    def test_is_told_the_truth_where_that_is_too_much_as_well(self, client, mailbox):
        while mail_limits.mailbox(ADDRESS, for_a_sum=True) is None:
            pass  # as many others have done a sum for it today
        send = {"email": ADDRESS, "action_send": ""}
        page = client.post("/email/", send).content.decode()
        answer = client.post("/email/", {**send, "proof": solved(page)}, follow=True)
        assert "Signing in with a mailed code confirms the address" in answer.content.decode()


def test_a_sign_up_that_brings_a_mailed_code_is_mailed_whatever_others_did(
    client_for, fill, mailbox, settings
):
    import re

    from tests.tenants.signing_up.form import loaded
    from tests.tenants.signing_up.test_admission import answers, post, use_up

    fill()
    settings.SIGNUPS_BY_ADDRESS = "1/h"
    use_up(client_for, times=1)
    client = client_for(REMOTE_ADDR="198.51.100.1")
    form = {**answers(email=ADDRESS), **loaded()}
    with mailbox.open():
        post(client, form, instead="code")
    code = re.search(r"^\s*(\S{4}-\S{4})\s*$", mail.outbox[-1].body, re.M)[1]
    before = to(ADDRESS)
    with mailbox.open():
        assert post(client, form, code=code).status_code == 302
    assert to(ADDRESS) == before + 1


class TestAddressesThatSomebodyAdds:
    def _add(self, client, email: str) -> str:
        return client.post(
            "/email/", {"email": email, "action_add": ""}, follow=True
        ).content.decode()

    @pytest.fixture
    def unproved(self, client_for, mailbox):
        client = client_for()
        mailbox.sign_up(client, workspace="Prize Team")
        mail.outbox.clear()
        return client

    def test_who_has_proved_nothing_adds_one_at_a_time(self, unproved, mailbox):
        with mailbox.open():
            self._add(unproved, "one@stranger.example")
            assert "Confirm one@stranger.example first" in self._add(
                unproved, "two@stranger.example"
            )
        assert [message.to for message in mail.outbox] == [["one@stranger.example"]]

    def test_and_few_a_day(self, unproved, mailbox):
        with mailbox.open():
            for number in range(8):
                self._add(unproved, f"n{number}@stranger.example")
                gone = {"email": f"n{number}@stranger.example", "action_remove": ""}
                unproved.post("/email/", gone)
        mails = [each for each in mail.outbox if each.subject == "Please confirm your address"]
        assert len(mails) == 3

    def test_the_mail_carries_no_words_of_theirs(self, unproved, mailbox):
        with mailbox.open():
            self._add(unproved, "one@stranger.example")
        [message] = mail.outbox
        assert "Prize" not in message.body + str(message.alternatives)

    def test_who_has_proved_theirs_adds_several(self, client_for, people, mailbox):
        client = client_for(people.outsider)
        for number in range(4):
            self._add(client, f"n{number}@mine.example")
        assert EmailAddress.objects.filter(user=people.outsider, verified=False).count() == 4

    def test_but_no_mailbox_gets_many_of_them(self, client_for, people, mailbox):
        with mailbox.open():
            for user in User.objects.filter(emailaddress__verified=True).distinct():
                client = client_for(user)
                for _ in range(3):
                    self._add(client, "one@stranger.example")
                    gone = {"email": "one@stranger.example", "action_remove": ""}
                    client.post("/email/", gone)
        mails = [each for each in mail.outbox if each.subject == "Please confirm your address"]
        assert len(mails) <= 5


def new_codes() -> None:
    """Time goes by: the next code is another one."""
    from identity.models import MailedCode

    MailedCode.objects.all().delete()


def test_codes_to_sign_in_end_for_the_day_and_not_for_a_device_that_is_known(
    client_for, people, mailbox, rf
):
    from tests.tenants.signing_up.test_admission_copies import device_of

    address = people.outsider.email
    with mailbox.open():
        for number in range(40):
            new_codes()
            client = client_for(REMOTE_ADDR=f"198.51.100.{number}")
            client.post("/login/code/", {"email": address})
    assert to(address) == 30
    known = client_for()
    known.cookies["plg_device"] = device_of(people.outsider, rf)
    new_codes()
    with mailbox.open():
        known.post("/login/code/", {"email": address})
    assert to(address) == 31


@pytest.mark.parametrize("unknown", [False, True])
def test_one_client_does_not_use_up_the_codes_of_somebody(client_for, people, mailbox, unknown):
    address = people.outsider.email
    meta = {UNKNOWN: True} if unknown else {}
    with mailbox.open():
        for _ in range(14):
            new_codes()
            client_for(REMOTE_ADDR="203.0.113.5", **meta).post("/login/code/", {"email": address})
    assert to(address) == (14 if unknown else 10)
    new_codes()
    before = to(address)
    with mailbox.open():
        client_for(REMOTE_ADDR="203.0.113.6").post("/login/code/", {"email": address})
    assert to(address) == before + 1
