"""What is told about people, in any order, makes the same persons; and never joins two of them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest
from django.db import connection, transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from identity.models import Person, PersonAlias, PersonAttribute, PersonIdentifier
from identity.people import attributes, subjects
from identity.people.identifiers import persons
from identity.persons import identify as sign_in
from identity.persons import person_of
from tests.identity.people.told import alias, follow, identify

pytestmark = pytest.mark.django_db
NOW = timezone.now()
BROWSER = "0f0e0d0c-0b0a-4908-8706-050403020100"


def person_called(user: str) -> Person:
    return Person.objects.get(pk=persons([user])[user])


def test_a_server_describes_a_person():
    traits = {"email": "Ada@Example.com", "firstName": "Ada", "last_name": "L", "plan": "pro"}
    follow(identify("1", user="u1", traits=traits | {"timezone": "Europe/Oslo"}))
    ada = person_called("u1")
    assert (ada.email, ada.name, ada.time_zone) == ("ada@example.com", "Ada L", "Europe/Oslo")
    assert ada.attributes["plan"] == "pro"
    follow(identify("2", user="u1", minute=1, traits={"plan": None}))
    assert "plan" not in person_called("u1").attributes
    assert [row.value for row in attributes.statements([ada.pk]) if row.name == "plan"] == [
        None,
        "pro",
    ]


def test_a_browser_speaks_for_itself_alone():
    follow(identify("1", user="u1", traits={"plan": "pro"}))
    follow(
        identify("2", kind="website", browser=BROWSER, traits={"plan": "free"}),
        identify(
            "3", kind="website", browser=BROWSER, user="u1", traits={"email": "x@evil.example"}
        ),
    )
    assert person_called("u1").attributes == {"plan": "pro"}
    assert PersonIdentifier.objects.count() == 1
    assert not PersonAlias.objects.filter(pk=BROWSER).exists()
    visitor = subjects.visitor(BROWSER)
    assert attributes.known(visitor.subjects)["plan"].value == "free"


def test_what_a_visitor_said_is_the_persons_once_a_server_says_whose_the_browser_is():
    follow(identify("1", kind="website", browser="web-7", traits={"city": "Oslo"}))
    follow(identify("2", user="u1", browser="web-7", minute=1))
    assert person_called("u1").attributes == {"city": "Oslo"}
    assert subjects.human(person_called("u1").pk).browsers == ("web-7",)


def test_the_earliest_that_was_told_of_a_browser_counts_though_it_comes_late():
    follow(identify("2", user="u2", browser=BROWSER, minute=5))
    follow(identify("3", kind="website", browser=BROWSER, traits={"city": "Rome"}))
    assert person_called("u2").attributes == {"city": "Rome"}
    follow(identify("1", user="u1", browser=BROWSER, minute=1))
    assert person_called("u1").attributes == {"city": "Rome"}
    assert person_called("u2").attributes == {}


def test_what_is_told_does_not_take_a_browser_from_who_signed_in_there(people):
    mine = sign_in(people.outsider, anonymous_id=UUID(BROWSER))
    follow(identify("1", user="u1", browser=BROWSER))
    assert PersonAlias.objects.get(pk=BROWSER).person_id == mine.pk
    assert person_called("u1").pk != mine.pk


def test_the_name_of_a_person_of_ours_is_that_person(people):
    ada = person_of(people.acme_owner)
    follow(identify("1", user=str(ada.pk), traits={"plan": "pro", "email": "else@example.com"}))
    ada.refresh_from_db()
    assert ada.attributes["plan"] == "pro"
    assert ada.email == people.acme_owner.email  # an account says that itself


@pytest.mark.parametrize(
    "traits",
    [
        {"n" * 101: 1},
        {"a\nb": 1},
        {"": 1},
        {"x": "y" * 5_000},
        {"x": "nul\x00"},
        {"email": "no address", "phone": "123", "timezone": "Mars/Base", "locale": 7, "name": {}},
    ],
)
def test_what_cannot_be_kept_does_not_cost_the_rest(traits):
    follow(identify("1", user="u1", traits={**traits, "good": 1}))
    ada = person_called("u1")
    assert ada.attributes["good"] == 1
    assert (ada.email, ada.name, ada.phone, ada.time_zone) == ("", "", "", "")


def test_statements_have_bounds():
    for minute in range(30):
        follow(identify(str(minute), user="u1", minute=minute, traits={"n": minute}))
    follow(identify("many", user="u1", traits={f"k{i}": i for i in range(700)}))
    ada = person_called("u1")
    rows = PersonAttribute.objects.filter(subject=ada.pk)
    assert rows.filter(name="n").count() == attributes.MOST_KEPT
    assert rows.values("name").distinct().count() == attributes.MOST_NAMES
    assert ada.attributes["k0"] == 0


users, browsers = st.sampled_from(["u1", "u2", "u3"]), st.sampled_from(["b1", "b2", "u2", None])
facts = st.lists(
    st.tuples(
        st.sampled_from(["identify", "alias", "visitor"]),
        users,
        browsers,
        st.integers(0, 4),
        st.sampled_from([{}, {"plan": "pro"}, {"plan": None}, {"city": "Oslo"}]),
    ),
    min_size=1,
    max_size=8,
)


def made(all_facts):
    """The events of these facts; each fact is one, however often it comes."""
    for number, (what, user, browser, minute, traits) in enumerate(all_facts):
        key = str(number)
        if what == "alias":
            yield alias(key, user=user, previous=browser or "u1", minute=minute)
        elif what == "identify":
            yield identify(key, user=user, browser=browser, minute=minute, traits=traits)
        elif browser:
            yield identify(key, kind="website", browser=browser, minute=minute, traits=traits)


def state():
    """Everything that is believed, by names that do not change from run to run."""
    names = dict(PersonIdentifier.objects.values_list("person", "value"))
    known = {names[person.pk]: person.attributes for person in Person.objects.filter(pk__in=names)}
    owners = {row.said or str(row.pk): names[row.person_id] for row in PersonAlias.objects.filter(
        person__in=names)}  # fmt: skip
    return known, owners


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(facts, st.randoms(use_true_random=False), st.integers(1, 4))
def test_any_order_and_repetition_gives_the_persons_of_the_order_of_time(all_facts, random, batch):
    def run(shuffled: bool):
        with transaction.atomic():
            events = list(made(all_facts))
            if shuffled:
                events += random.choices(events, k=len(events) // 2)
                random.shuffle(events)
            else:
                events.sort(key=lambda each: (each.time, each.id))
            for start in range(0, len(events), batch):
                follow(*events[start : start + batch])
            called = {user for what, user, *_ in all_facts if what != "visitor"}
            # Two who are called by two names are two, whatever was told.
            assert len({persons([user])[user] for user in called}) == len(called)
            assert not Person.objects.exclude(merged_into=None).exists()
            found = state()
            transaction.set_rollback(True)
        return found

    assert run(shuffled=True) == run(shuffled=False)


def test_of_those_who_hear_a_name_at_once_one_makes_the_person(committed):
    def hear(_: int):
        try:
            return persons(["someone new"])["someone new"]
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        found = set(pool.map(hear, range(6)))
    assert len(found) == 1
    assert Person.objects.filter(user=None, identifiers=None, created_at__gte=NOW).count() == 0
    Person.objects.filter(pk__in=found).delete()
