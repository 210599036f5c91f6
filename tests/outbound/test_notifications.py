"""In-app messages on their way: written with what they are about, asked the gates, delivered once."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from identity.persons import person_of
from outbound import notifications, topics
from outbound.consents import consent
from outbound.delivery import sending
from outbound.models import Message, Notification, State
from outbound.running import Runner
from outbound.topics import Kind, Topic
from tenants.members import membership
from tenants.models import Membership, Status
from tests.outbound.writing import USAGE


def tell(*people, **more) -> list[Message]:
    """Send, let the process look, and the rows of the ledger."""
    said = {"title": "It is ready", "topic": "workspace", **more}
    notifications.send(people, **said)
    Runner().one_pass()
    return list(Message.objects.filter(channel="in_app").order_by("created_at"))


def arrived(user) -> list[str]:
    rows = Notification.objects.filter(person_id=person_of(user).pk).order_by("created_at")
    return [row.title for row in rows]


def test_it_arrives_with_its_words_and_the_ledger_keeps_none(people, acme):
    [row] = tell(people.acme_owner, text="Twelve pages.", path="/usage/", tenant=acme)
    assert (row.state, row.sealed, row.address) == (State.SENT, "", people.acme_owner.email)
    found = Notification.objects.get(pk=row.pk)
    assert (found.title, found.text, found.path) == ("It is ready", "Twelve pages.", "/usage/")
    assert (found.tenant_id, found.read_at) == (acme.pk, None)


def test_a_fact_comes_once_to_each(people, acme):
    both = [people.acme_owner, people.acme_member]
    assert notifications.send(both, title="a", topic="workspace", tenant=acme, once="fact:1") == 2
    assert notifications.send(both, title="a", topic="workspace", tenant=acme, once="fact:1") == 0
    Runner().one_pass()
    assert arrived(people.acme_owner) == arrived(people.acme_member) == ["a"]


def test_it_is_rolled_back_with_what_it_is_about(people):
    with transaction.atomic():
        notifications.send([people.outsider], title="a", topic="account")
        transaction.set_rollback(True)
    assert not Message.objects.filter(channel="in_app").exists()


@pytest.mark.parametrize(
    "path",
    [
        "//evil.example/",
        "https://evil.example/",
        "/\\evil.example",
        "usage/",
        "/a\nb",
        "/" + "x" * 500,
    ],
)
def test_a_link_leads_to_a_host_of_ours_or_is_refused(people, acme, path):
    with pytest.raises(ValueError, match="no path"):
        notifications.send([people.acme_owner], title="a", topic="workspace", path=path)
    assert not Message.objects.filter(channel="in_app").exists()


@pytest.mark.parametrize("path", ["//evil.example/", "https://evil.example/", "/\\evil.example"])
def test_the_database_takes_no_such_link_either(people, path):
    [row] = tell(people.acme_owner)
    with pytest.raises(IntegrityError), transaction.atomic():
        Notification.objects.filter(pk=row.pk).update(path=path)


def test_a_topic_that_nobody_could_refuse_here_is_not_taken(people):
    with pytest.raises(ValueError, match="domains"):
        notifications.send([people.outsider], title="a", topic="domains")


def test_each_way_of_a_topic_is_refused_by_itself(client_for, people, acme, mailoutbox):
    client = client_for(people.acme_owner)
    client.post("/account/mails/", {USAGE: "mail", "domains": "mail", "exports": "mail"})
    [row] = tell(people.acme_owner, topic=USAGE, tenant=acme)
    assert (row.state, row.reason) == (State.SKIPPED, "no_consent")
    assert consent.who_want(USAGE, [people.acme_owner]) == [people.acme_owner]
    client.post("/account/mails/", {USAGE: "in_app", "domains": "mail", "exports": "mail"})
    tell(people.acme_owner, topic=USAGE, tenant=acme)
    assert arrived(people.acme_owner) == ["It is ready"]
    assert consent.who_want(USAGE, [people.acme_owner]) == []
    assert consent.who_want(USAGE, [people.acme_owner], by=("mail", "in_app")) == [
        people.acme_owner
    ]


def test_marketing_comes_after_a_yes_alone(people, monkeypatch):
    asked = Topic("tips", Kind.MARKETING, label="Tips", text="…", channels=("in_app",))
    monkeypatch.setitem(topics._registered, "tips", asked)
    [row] = tell(people.outsider, topic="tips")
    assert row.reason == "no_consent"
    consent.choose(people.outsider, wanted=["tips"], source="test", channel="in_app")
    tell(people.outsider, topic="tips")
    assert arrived(people.outsider) == ["It is ready"]


def test_what_is_over_does_not_arrive(people):
    [row] = tell(people.outsider, topic="account", expires_at=timezone.now() - timedelta(seconds=1))
    assert (row.state, row.reason) == (State.SKIPPED, "expired")
    assert arrived(people.outsider) == []


def test_who_is_no_member_gets_nothing_of_a_workspace(people, acme):
    [row] = tell(people.outsider, tenant=acme)
    assert (row.state, row.reason) == (State.SKIPPED, "not_a_member")


def test_who_leaves_while_it_waits_does_not_get_it(people, acme):
    notifications.send([people.acme_member], title="a", topic="workspace", tenant=acme)
    seat = Membership.objects.for_tenant(acme).get(user=people.acme_member)
    membership.remove_member(seat, by=people.acme_owner)
    Runner().one_pass()
    assert arrived(people.acme_member) == []


def test_a_workspace_that_is_shut_says_nothing_that_one_may_refuse(people, acme):
    acme.status = Status.SUSPENDED
    acme.save(update_fields=["status"])
    [row] = tell(people.acme_owner, topic=USAGE, tenant=acme)
    assert (row.state, row.reason) == (State.SKIPPED, "workspace_suspended")


def test_what_runs_wild_waits(people, acme, settings):
    settings.NOTIFICATIONS_PER_PERSON = "2/d"
    for _ in range(3):
        rows = tell(people.acme_owner, tenant=acme)
    assert [row.reason for row in rows] == ["", "", "limit_of_recipient"]


def test_mail_is_counted_apart(people, acme, settings, mailoutbox):
    from tests.outbound.writing import fresh, to_person

    settings.MAIL_ALL_PER_RECIPIENT = "1/d"
    for _ in range(3):
        tell(people.acme_owner, tenant=acme)
    row = to_person(people.acme_owner, "account")
    Runner().one_pass()
    assert fresh(row).state == State.SENT


def test_a_worker_that_was_killed_leaves_no_double_and_loses_nothing(people, acme):
    """Killed after the call: the row is there, the ledger says `sending`. And before it."""
    tell(people.acme_owner, tenant=acme)
    notifications.send([people.acme_owner], title="Second", topic="workspace", tenant=acme)
    first, second = Message.objects.filter(channel="in_app").order_by("created_at")
    past = timezone.now() - timedelta(minutes=5)
    letter = second.sealed
    for row in (first, second):
        Message.objects.filter(pk=row.pk).update(
            state=State.SENDING, claimed_until=past, sealed=letter, subject="Second"
        )
    assert sending.sweep() == 2
    Runner().one_pass()
    assert arrived(people.acme_owner) == ["It is ready", "Second"]
    assert {row.state for row in Message.objects.filter(channel="in_app")} == {State.SENT}


def test_who_closes_the_account_leaves_nothing_behind(people):
    [row] = tell(people.outsider, topic="account")
    person_of(people.outsider).delete()
    assert not Notification.objects.exists()
    row.refresh_from_db()
    assert (row.address, row.subject) == ("", "")


def test_it_goes_with_its_row_of_the_ledger(people, settings):
    from outbound.delivery import tidying

    tell(people.outsider, topic="account")
    later = timezone.now() + timedelta(days=settings.OUTBOUND_KEPT_DAYS + 1)
    assert tidying.tidy(now=later) >= 1
    assert not Notification.objects.exists()


def test_ones_own_data_has_them(client_for, people):
    tell(people.outsider, topic="account", text="For you.")
    [found] = client_for(people.outsider).get("/account/data/").json()["notifications"]
    assert (found["title"], found["text"]) == ("It is ready", "For you.")


def test_staff_see_why_it_came_or_not(client_for, people, acme):
    tell(people.outsider, tenant=acme)
    people.globex_owner.is_staff = True
    people.globex_owner.save()
    page = client_for(people.globex_owner).get("/staff/messages/").content.decode()
    assert "It is ready" in page
    assert "in-app message ·" in page
    assert "not in the workspace any more" in page
