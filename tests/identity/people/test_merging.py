"""Two persons are joined by a proof or by staff, and taken apart to exactly what was before."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)
from uuid_utils.compat import uuid7

from identity.models import Person, PersonMerge, User
from identity.people import attributes, merging, subjects
from identity.people.identifiers import persons
from identity.people.merging import NotMerged
from identity.persons import person_of
from tests.identity.people.told import event, follow, identify

pytestmark = pytest.mark.django_db


def called(user: str) -> Person:
    return Person.objects.get(pk=persons([user])[user])


@pytest.fixture
def two(people):
    follow(
        identify("1", user="u1", browser="b1", traits={"plan": "pro", "city": "Oslo"}),
        identify("2", user="u2", browser="b2", minute=1, traits={"city": "Rome"}),
    )
    return called("u1"), called("u2")


def test_what_was_known_of_both_is_known_of_one(two, people):
    one, other = two
    made = merging.by_staff(one.pk, other.pk, by=people.outsider, reason="Same phone.")
    kept = Person.objects.get(pk=made.kept_id)
    assert kept.attributes == {"plan": "pro", "city": "Rome"}
    assert set(subjects.human(kept.pk).browsers) == {"b1", "b2"}
    assert subjects.roots([one.pk, other.pk]) == {one.pk: kept.pk, other.pk: kept.pk}
    follow(identify("3", user="u1", minute=2, traits={"city": "Bonn"}))  # of either, by any name
    kept.refresh_from_db()
    assert kept.attributes["city"] == "Bonn"


def test_undone_it_is_as_before_however_long_ago_it_was(two, people):
    one, other = two
    made = merging.by_staff(one.pk, other.pk, by=people.outsider, reason="Same phone.")
    PersonMerge.objects.update(at=timezone.now() - timedelta(days=900))
    merging.undo(made, by=people.outsider)
    for person, expected in ((one, {"plan": "pro", "city": "Oslo"}), (other, {"city": "Rome"})):
        person.refresh_from_db()
        assert (person.attributes, person.merged_into_id) == (expected, None)
        assert subjects.human(person.pk).persons == (person.pk,)
    with pytest.raises(NotMerged, match="before"):
        merging.undo(made, by=people.outsider)


def test_who_has_a_login_is_kept_and_two_logins_are_not_joined(two, people):
    ada = person_of(people.acme_owner)
    made = merging.by_staff(two[0].pk, ada.pk, by=people.outsider, reason="She wrote to us.")
    assert (made.kept_id, made.merged_id) == (ada.pk, two[0].pk)
    ada.refresh_from_db()
    assert ada.email == people.acme_owner.email
    other = person_of(people.outsider)
    with pytest.raises(NotMerged, match="Both have a login"):
        merging.by_staff(ada.pk, other.pk, by=people.outsider, reason="No.")
    with pytest.raises(NotMerged, match="Both have a login"):  # nor by way of one that was merged
        merging.by_staff(two[0].pk, other.pk, by=people.outsider, reason="No.")


def test_it_says_why_and_of_whom(two, people):
    with pytest.raises(NotMerged, match="Say why"):
        merging.by_staff(two[0].pk, two[1].pk, by=people.outsider, reason="  ")
    with pytest.raises(NotMerged, match="one person already"):
        merging.by_staff(two[0].pk, two[0].pk, by=people.outsider, reason="x")
    with pytest.raises(NotMerged, match="not there"):
        merging.by_staff(two[0].pk, uuid7(), by=people.outsider, reason="x")
    merging.by_staff(two[0].pk, two[1].pk, by=people.outsider, reason="x")
    with pytest.raises(NotMerged, match="one person already"):
        merging.by_staff(two[1].pk, two[0].pk, by=people.outsider, reason="x")


def test_a_proved_address_joins_who_proved_it_without_a_login_and_nobody_else(people):
    owner = people.acme_owner
    proved = Person.objects.create(email=owner.email, email_proved_at=timezone.now())
    follow(identify("1", user="u1", traits={"email": owner.email}))  # a server only says so
    made = merging.by_proved_address(owner)
    assert [each.merged_id for each in made] == [proved.pk]
    assert called("u1").merged_into_id is None
    assert merging.by_proved_address(owner) == []


def test_the_proof_of_an_address_is_followed(people):
    owner = people.acme_owner
    proved = Person.objects.create(email=owner.email, email_proved_at=timezone.now())
    follow(event("Email Verified", "1", kind="", person=person_of(owner).pk))
    proved.refresh_from_db()
    assert proved.merged_into_id == person_of(owner).pk


class Merging(RuleBasedStateMachine):
    """Merges and undoings in any order: each person is somebody, nobody is in a circle, no two logins
    meet, and with all undone everybody is as they began."""

    @initialize()
    def begin(self) -> None:
        self.atomic = transaction.atomic()
        self.atomic.__enter__()
        self.by = User.objects.create_user("staff@merge.example")
        self.names = [f"m{number}" for number in range(5)]
        follow(*(identify(n, user=n, browser=f"b-{n}", traits={n: 1}) for n in self.names))
        self.people = [called(name).pk for name in self.names]
        for pk in self.people[:2]:
            user = User.objects.create_user(f"{pk}@merge.example")
            Person.objects.filter(pk=pk).update(user=user)

    @rule(one=st.integers(0, 4), other=st.integers(0, 4))
    def merge(self, one: int, other: int) -> None:
        try:
            merging.by_staff(self.people[one], self.people[other], by=self.by, reason="x")
        except NotMerged:
            one, other = (subjects.roots([self.people[n]])[self.people[n]] for n in (one, other))
            with_login = Person.objects.filter(pk__in=[one, other], user__isnull=False)
            assert one == other or with_login.count() == 2

    @rule(number=st.integers(0, 9))
    def undo(self, number: int) -> None:
        rows = list(PersonMerge.objects.filter(undone_at=None).order_by("at"))
        if rows:
            merging.undo(rows[number % len(rows)], by=self.by)

    @invariant()
    def everybody_is_one(self) -> None:
        if not hasattr(self, "people"):
            return
        roots = subjects.roots(self.people)
        assert set(roots) == set(self.people)
        for root in set(roots.values()):
            mine = {pk for pk, to in roots.items() if to == root}
            assert set(subjects.human(root).persons) == mine
            assert Person.objects.filter(pk__in=mine, user__isnull=False).count() <= 1
            expected = {
                name for name, pk in zip(self.names, self.people, strict=True) if pk in mine
            }
            assert set(Person.objects.get(pk=root).attributes) == expected

    def teardown(self) -> None:
        if hasattr(self, "atomic"):
            for made in PersonMerge.objects.filter(undone_at=None).order_by("-at"):
                merging.undo(made, by=self.by)
            for name, pk in zip(self.names, self.people, strict=True):
                assert attributes.known(subjects.human(pk).subjects).keys() == {name}
            transaction.set_rollback(True)
            self.atomic.__exit__(None, None, None)


def test_whatever_is_merged_and_undone_in_any_order():
    run_state_machine_as_test(
        Merging, settings=settings(max_examples=12, stateful_step_count=8, deadline=None)
    )
