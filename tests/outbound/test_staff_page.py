"""Staff read why something was sent to somebody, or not; nobody else does."""

from __future__ import annotations

import pytest

from identity.persons import person_of
from outbound import reasons
from outbound.delivery.ledger import About
from outbound.models import Message, State
from outbound.running import Runner
from tests.outbound.writing import USAGE, fresh, send, to_person

PATH = "/staff/messages/"


@pytest.fixture
def staff(client_for, people):
    people.outsider.is_staff = True
    people.outsider.save()
    return client_for(people.outsider)


def test_nobody_but_staff_finds_it(client_for, people, acme):
    row = send()
    Message.objects.filter(pk=row.pk).update(state="dead", reason="refused")
    assert "/login/" in client_for().get(PATH)["Location"]
    assert client_for(people.acme_owner).get(PATH).status_code == 404
    assert client_for(people.acme_owner, acme).get(PATH).status_code == 404
    assert client_for(people.acme_owner).post(f"{PATH}{row.pk}/again/").status_code == 404
    assert fresh(row).state == State.DEAD


def test_it_says_in_words_why_something_was_not_sent(staff, people):
    to_person(people.acme_owner, "something-new")
    Runner().one_pass()
    page = staff.get(PATH).content.decode()
    assert people.acme_owner.email in page
    assert reasons.in_words("no_consent") in page


@pytest.mark.parametrize("how", ["address", "person", "workspace"])
def test_it_is_found_by_address_person_or_workspace(staff, people, acme, how):
    wanted = {
        "address": people.acme_owner.email.upper(),
        "person": str(person_of(people.acme_owner).pk),
        "workspace": "acme",
    }[how]
    about = About(person=person_of(people.acme_owner).pk, tenant=acme.pk)
    send(to=people.acme_owner.email, about=about)
    send(to="somebody@else.example")
    page = staff.get(PATH, {"q": wanted}).content.decode()
    assert people.acme_owner.email in page
    assert "somebody@else.example" not in page


def test_what_it_said_is_shown_to_nobody(staff):
    send(text="The code is ABCD-EFGH.")
    assert "ABCD" not in staff.get(PATH).content.decode()


def test_a_dead_letter_is_tried_again_by_hand(staff, mailoutbox):
    row = send()
    Message.objects.filter(pk=row.pk).update(state="dead", reason="unreachable")
    assert "Try again" in staff.get(PATH).content.decode()
    staff.post(f"{PATH}{row.pk}/again/")
    Runner().one_pass()
    assert fresh(row).state == State.SENT
    assert len(mailoutbox) == 1


@pytest.mark.parametrize("state", ["sent", "unknown"])
def test_what_may_have_left_is_not_sent_again(staff, mailoutbox, state):
    row = send()
    Message.objects.filter(pk=row.pk).update(state=state, sealed="")
    staff.post(f"{PATH}{row.pk}/again/")
    Runner().one_pass()
    assert (fresh(row).state, mailoutbox) == (state, [])


def test_the_list_is_bounded(staff, django_assert_max_num_queries):
    for _ in range(30):
        send(USAGE)
    with django_assert_max_num_queries(20):
        page = staff.get(PATH).content.decode()
    assert page.count('<th scope="row">') == 25
