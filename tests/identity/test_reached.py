"""By what a person is reached, in one form each, and how it is known."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from identity import locales, phones, reached
from identity.account import closing, own_data
from identity.models import Person
from identity.persons import person_of
from identity.reached import From


def known(user) -> dict[str, tuple[str, str]]:
    row = Person.objects.get(pk=person_of(user).pk)
    return {
        name: (getattr(row, name), getattr(row, f"{name}_from"))
        for name in reached.FIELDS
        if getattr(row, name) or getattr(row, f"{name}_from")
    }


@pytest.mark.parametrize(
    "typed", ["+49 151 23456789", "0049 151 23456789", "+49 (0)151 234-567 89", " +4915123456789 "]
)
def test_a_number_has_one_form(typed):
    assert phones.normal(typed) == "+4915123456789"


@pytest.mark.parametrize("typed", ["", "0151 23456789", "hello", "+49", "+999 123456789", "+" * 50])
def test_what_is_no_number_with_its_country_is_none(typed):
    assert phones.normal(typed) == ""


@given(st.text(max_size=60))
def test_whatever_is_typed_becomes_a_number_or_nothing(typed):
    found = phones.normal(typed)
    assert found == "" or phones.E164.fullmatch(found)


def test_the_database_takes_no_other_form(people):
    person = person_of(people.outsider)
    with pytest.raises(IntegrityError), transaction.atomic():
        Person.objects.filter(pk=person.pk).update(phone="0151 23456789")


def test_what_they_said_is_not_changed_by_what_a_browser_or_an_import_says(people):
    person = person_of(people.outsider)
    assert reached.learn(person, source=From.BROWSER, time_zone="Asia/Tokyo") == ["time_zone"]
    assert reached.learn(person, source=From.IMPORT, time_zone="Asia/Seoul") == ["time_zone"]
    assert reached.learn(person, source=From.GIVEN, time_zone="Europe/Oslo") == ["time_zone"]
    again = Person.objects.get(pk=person.pk)
    for one in (person, again):
        assert reached.learn(one, source=From.BROWSER, time_zone="Asia/Tokyo") == []
    assert known(people.outsider) == {"time_zone": ("Europe/Oslo", "given")}


def test_nor_by_a_browser_that_looked_before_they_said_it(people):
    early = Person.objects.get(pk=person_of(people.outsider).pk)
    reached.learn(person_of(people.outsider), source=From.GIVEN, time_zone="Europe/Oslo")
    assert reached.learn(early, source=From.BROWSER, time_zone="Asia/Tokyo") == []
    assert known(people.outsider) == {"time_zone": ("Europe/Oslo", "given")}


def test_who_takes_it_back_is_not_asked_of_a_browser_again(people):
    person = person_of(people.outsider)
    reached.learn(person, source=From.GIVEN, locale="de")
    reached.learn(person, source=From.GIVEN, locale="")
    reached.learn(person, source=From.BROWSER, locale="fr")
    assert known(people.outsider) == {"locale": ("", "given")}


@pytest.mark.parametrize(
    ("header", "tag"),
    [("de-AT,de;q=0.9", "de"), ("pt-BR", "pt-br"), ("xx,fr;q=0.5", "fr"), ("", ""), ("*", "")],
)
def test_the_language_of_a_browser(header, tag):
    assert locales.wanted(header) == tag


def sign_in(client: Client, zone: str) -> None:
    form = {"login": "outsider@example.com", "password": "correct horse", "browser_zone": zone}
    client.post("/login/", form, headers={"accept-language": "de-AT,de;q=0.9"})


def test_a_browser_that_signs_in_says_where_and_in_which_language_it_is(client_for, people):
    sign_in(client_for(), "Europe/Vienna")
    found = {"time_zone": ("Europe/Vienna", "browser"), "locale": ("de", "browser")}
    assert known(people.outsider) == found


@pytest.mark.parametrize("zone", ["../../etc/passwd", "Mars/Phobos", "x" * 5000, "\0"])
def test_and_what_is_no_zone_is_not_taken(client_for, people, zone):
    sign_in(client_for(), zone)
    assert "time_zone" not in known(people.outsider)


def test_the_form_that_signs_in_asks_the_browser(client_for):
    page = client_for().get("/login/").content.decode()
    assert 'name="browser_zone"' in page
    assert "js/zone.js" in page


FORM = {"name": "Otto", "time_zone": "Europe/Berlin", "locale": "de", "phone": "+49 151 23456789"}


def test_they_say_so_on_the_page_of_their_account(client_for, people):
    client = client_for(people.outsider)
    assert client.post("/account/", FORM).status_code == 302
    assert known(people.outsider) == {
        "time_zone": ("Europe/Berlin", "given"),
        "locale": ("de", "given"),
        "phone": ("+4915123456789", "given"),
    }
    assert "+4915123456789" in client.get("/account/").content.decode()


def test_what_stands_there_and_is_left_so_stays_what_the_browser_said(client_for, people):
    reached.learn(person_of(people.outsider), source=From.BROWSER, time_zone="Asia/Tokyo")
    form = {"name": "Other name", "time_zone": "Asia/Tokyo"}
    assert client_for(people.outsider).post("/account/", form).status_code == 302
    assert known(people.outsider) == {"time_zone": ("Asia/Tokyo", "browser")}


@pytest.mark.parametrize("field", [{"phone": "12"}, {"locale": "xx"}, {"phone": "+1"}])
def test_what_is_wrong_is_said_and_nothing_is_kept(client_for, people, field):
    answer = client_for(people.outsider).post("/account/", {**FORM, **field})
    assert answer.status_code == 422
    assert known(people.outsider) == {}


def test_it_is_in_ones_own_data_and_gone_with_the_account(client_for, people):
    client_for(people.outsider).post("/account/", FORM)
    person = person_of(people.outsider)
    said = own_data.of(people.outsider)["profile"]["reached_by"]
    assert said["phone"] == {"value": "+4915123456789", "from": "given"}
    closing.close(people.outsider)
    row = Person.objects.get(pk=person.pk)
    assert (row.phone, row.phone_from, row.time_zone, row.locale) == ("", "", "", "")
