"""Every yes and no is kept with its words, and one no is enough."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import DatabaseError, transaction
from django.utils import timezone

from identity.models import User
from identity.persons import person_of
from identity.proofs import merging
from outbound import erasing, recipients, topics
from outbound.consents import consent
from outbound.delivery import tidying
from outbound.gating import suppression
from outbound.models import CapSlot, Consent, ConsentChange, Message, Suppression
from tests.outbound.writing import NEWS, USAGE, fresh, send, to_person


def of(user) -> str:
    return recipients.person(person_of(user).pk)


def test_what_was_said_is_kept_with_where_and_the_words_that_were_shown(client_for, people):
    client = client_for(people.outsider)
    client.post(
        "/account/mails/",
        {NEWS: "mail", USAGE: ["mail", "in_app"], "domains": "mail", "exports": "mail"},
    )
    client.post(
        "/account/mails/", {USAGE: ["mail", "in_app"], "domains": "mail", "exports": "mail"}
    )
    said = ConsentChange.objects.filter(recipient=of(people.outsider)).order_by("at")
    assert [(each.topic, each.given, each.source) for each in said] == [
        (NEWS, True, "account page"),
        (NEWS, False, "account page"),
    ]
    assert topics.get(NEWS).text in said[0].text_shown
    assert not Consent.objects.get(recipient=of(people.outsider), topic=NEWS).given


def test_what_was_said_cannot_be_changed_afterwards(people):
    consent.change(of(people.outsider), topic=NEWS, given=True, source="test")
    with pytest.raises(DatabaseError, match="not changed"), transaction.atomic():
        ConsentChange.objects.update(given=False)


def test_one_persons_no_is_nobody_elses(people):
    consent.choose(people.acme_owner, wanted=[], source="test")
    both = [people.acme_owner, people.globex_owner]
    assert consent.who_want(USAGE, both) == [people.globex_owner]


def test_a_no_to_everything_holds_for_what_is_new(people, monkeypatch):
    consent.withdraw_everything(of(people.outsider), source="test")
    monkeypatch.setattr(topics, "_registered", dict(topics._registered))
    topics.register(topics.Topic("later", topics.Kind.PRODUCT, label="Later", text="Later"))
    assert "later" not in consent.wanted_by(people.outsider)
    assert "later" in consent.wanted_by(people.acme_owner)


def test_a_later_yes_wins_over_a_no_to_everything(people):
    consent.withdraw_everything(recipients.address(people.outsider.email), source="link")
    consent.choose(people.outsider, wanted=[USAGE], source="account page")
    assert consent.wanted_by(people.outsider) == {USAGE}
    person_id = person_of(people.outsider).pk
    allowed = consent.allows(topics.get(USAGE), person_id=person_id, address=people.outsider.email)
    assert allowed


def test_of_two_accounts_that_are_joined_each_no_holds(people):
    newcomer = User.objects.create_user(people.outsider.email)
    consent.change(of(newcomer), topic=USAGE, given=False, source="test")
    merging.merge(kept=people.outsider, merged=newcomer)
    assert USAGE not in consent.wanted_by(people.outsider)
    last = ConsentChange.objects.filter(recipient=of(people.outsider)).get()
    assert last.source == "accounts joined"


def test_who_closes_their_account_is_forgotten(client_for, people):
    user, row = people.outsider, to_person(people.outsider, "account")
    whom = of(user)
    consent.choose(user, wanted=[], source="test")
    client_for(user).post("/account/close/", {"email": user.email})
    assert not User.objects.filter(pk=user.pk).exists()
    row = fresh(row)
    assert (row.address, row.subject, row.sealed) == ("", "", "")
    assert (row.state, row.reason) == ("skipped", "person_gone")
    for model in (Consent, ConsentChange):
        assert not model.objects.filter(recipient=whom).exists()


def test_an_addresss_suppression_names_nobody(people):
    suppression.add("Ada@Example.ORG", reason=suppression.Reason.BOUNCE)
    row = Suppression.objects.get()
    assert "ada" not in str(row.__dict__).lower()
    assert row.address_hash == recipients.hash_of("ada@example.org")


def test_ones_own_data_holds_messages_and_choices_without_their_words(client_for, people):
    to_person(people.acme_owner, "account", text="A secret code")
    to_person(people.outsider, "account")
    consent.choose(people.acme_owner, wanted=[], source="test")
    answer = client_for(people.acme_owner).get("/account/data/")
    [message] = answer.json()["messages"]
    assert (message["topic"], message["address"]) == ("account", people.acme_owner.email)
    assert {each["topic"] for each in answer.json()["message_choices"]} >= {USAGE}
    assert "secret" not in answer.content.decode()


def test_of_a_workspace_nothing_is_left_after_its_purge(people, acme, globex):
    ours = send(about=_about(acme))
    theirs = send(about=_about(globex))
    assert erasing.workspace(acme.pk) == 1
    assert list(Message.objects.filter(pk__in=[ours.pk, theirs.pk])) == [theirs]


def _about(tenant):
    from outbound.delivery.ledger import About

    return About(tenant=tenant.pk)


def test_old_rows_go_and_what_waits_stays(db, settings):
    old = timezone.now() - timedelta(days=settings.OUTBOUND_KEPT_DAYS + 1)
    gone, waits = send(), send()
    Message.objects.filter(pk=gone.pk).update(state="sent", sealed="", created_at=old)
    Message.objects.filter(pk=waits.pk).update(created_at=old)
    CapSlot.objects.create(
        recipient="x", group="g", window=old.date(), number=1, message_id=gone.pk
    )
    assert tidying.tidy() == 1
    assert list(Message.objects.all()) == [waits]
    assert not CapSlot.objects.exists()
