"""Nobody is mailed without end by pressing a button, and no name speaks for us in a stranger's mailbox."""

from __future__ import annotations

import pytest
from allauth.account.models import EmailAddress
from django.core import mail

from tenants.life import deletion
from tenants.models import Invitation, Role


@pytest.fixture
def owner(client_for, people, acme):
    return client_for(people.acme_owner, acme)


def invite(client, email="friend@example.org"):
    return client.post("/members/invite/", {"email": email, "role": Role.MEMBER})


def sent(capture, act) -> list[str]:
    mail.outbox.clear()
    with capture(execute=True):
        act()
    return [message.subject for message in mail.outbox]


def test_pressing_again_mails_a_stranger_three_times_a_day_at_most(
    owner, acme, django_capture_on_commit_callbacks
):
    answers = []

    def press():
        answers.append(invite(owner))
        invitation = Invitation.objects.for_tenant(acme).get(accepted_at=None)
        for _ in range(25):
            answers.append(owner.post(f"/members/invitations/{invitation.pk}/again/"))

    assert len(sent(django_capture_on_commit_callbacks, press)) == 3
    refused = answers[-1]
    assert refused.status_code == 429
    assert int(refused["Retry-After"]) > 3600
    assert "several times" in refused.content.decode()


def test_a_refused_mail_leaves_the_old_link_working(
    owner, acme, django_capture_on_commit_callbacks
):
    sent(django_capture_on_commit_callbacks, lambda: [invite(owner) for _ in range(3)])
    before = Invitation.objects.for_tenant(acme).get(accepted_at=None).token_hash
    assert invite(owner).status_code == 429
    assert Invitation.objects.for_tenant(acme).get(accepted_at=None).token_hash == before


def test_who_has_not_proved_an_address_mails_nobody(owner, people, acme):
    assert invite(owner).status_code == 302
    invitation = Invitation.objects.for_tenant(acme).get(accepted_at=None)
    EmailAddress.objects.filter(user=people.acme_owner).update(verified=False)
    mail.outbox.clear()
    for answer in (
        invite(owner, "another@example.org"),
        owner.post(f"/members/invitations/{invitation.pk}/again/"),
    ):
        assert answer.status_code == 403
        assert "verify your address" in answer.content.decode()
    assert mail.outbox == []


def test_names_lead_nowhere_in_a_strangers_mail(
    owner, people, acme, django_capture_on_commit_callbacks
):
    people.acme_owner.name = "Win at http://evil.example/x"
    people.acme_owner.save()
    acme.name = "Your bill: pay-now.com"
    acme.save()
    [subject] = sent(django_capture_on_commit_callbacks, lambda: invite(owner))
    assert subject == "Win at … invites you to Your bill: …"
    body = str(mail.outbox[0].body)
    assert "evil.example" not in body
    assert "pay-now.com" not in body


@pytest.mark.parametrize("name", ["Acme\r\nBcc: x@example.org", "Acme\nStudio"])
def test_a_line_break_in_a_name_does_not_silence_the_mail_that_warns_owners(
    people, acme, name, django_capture_on_commit_callbacks
):
    type(acme).objects.filter(pk=acme.pk).update(name=name)
    acme.refresh_from_db()
    act = lambda: deletion.delete(acme, by=people.acme_owner)  # noqa: E731
    [subject] = sent(django_capture_on_commit_callbacks, act)
    assert "was deleted" in subject
    assert "\n" not in subject
