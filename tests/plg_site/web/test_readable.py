"""What no table could hold, and days at the end of time, are answered in words and not by an error."""

from __future__ import annotations

import pytest
from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator

from tests.plg_site.conftest import an_event
from tests.plg_site.workspace_api.test_api_bounds import _forms

PLACES = ["acme", "site"]
ADDRESSES = [
    "/?q=%00",
    "/?%00=1",
    "/%00",
    "/a%00b",
    "/links/?page=%00",
    "/login/?next=%00",
    "/x?a=\0",
]


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_nul_in_an_address_is_refused_in_words_everywhere(client_for, people, acme, address):
    for user, tenant in ((people.acme_owner, acme), (None, acme), (None, None)):
        response = client_for(user, tenant).get(address)
        assert response.status_code == 400
        assert "We could not read that request" in response.content.decode()
        assert response["X-Content-Type-Options"] == "nosniff"


def test_the_staff_pages_search_and_the_api_say_it_too(client_for, people, acme):
    people.acme_owner.is_staff = people.acme_owner.is_superuser = True
    people.acme_owner.save()
    staff = client_for(people.acme_owner, None)
    assert staff.get("/staff/workspaces/?q=%00").status_code == 400
    response = client_for(None, acme).get("/api/v1/links?cursor=%00")
    assert response.status_code == 400
    assert response["Content-Type"].startswith("application/problem+json")


def test_a_nul_in_a_cookie_is_refused(client_for, acme):
    client = client_for(None, acme)
    for said in ('plg_session="abcdefgh\\000"', "plg_aid=%00"):
        assert client.get("/", headers={"cookie": said}).status_code == 400


def test_a_nul_in_a_form_is_a_word_beside_its_field(client_for, people, acme):
    owner = client_for(people.acme_owner, acme)
    response = owner.post("/links/new/", {"target_url": "https://example.com/", "title": "a\0b"})
    assert response.status_code == 422
    assert (
        owner.post("/usage/limits/alerts/remove/", {"meter": "\0", "key": "\0"}).status_code == 302
    )


@pytest.mark.parametrize("day", ["9999-12-31", "0001-01-01", "2200-01-01"])
def test_days_at_the_end_of_time_filter_nothing(client_for, people, acme, day):
    owner = client_for(people.acme_owner, acme)
    for zone in ("UTC", "Pacific/Kiritimati", "Pacific/Pago_Pago"):
        type(acme).objects.filter(pk=acme.pk).update(time_zone=zone)
        for name in ("first", "last"):
            assert owner.get(f"/settings/audit/?{name}={day}").status_code == 200


def test_every_day_that_a_person_may_enter_has_its_bounds():
    seen = 0
    for form in _forms():
        if form.__module__.startswith("cms."):
            continue  # publishing dates are Wagtail's
        for name, field in getattr(form, "base_fields", {}).items():
            if isinstance(field, forms.DateField | forms.DateTimeField):
                seen += 1
                kinds = {type(each) for each in field.validators}
                assert {MinValueValidator, MaxValueValidator} <= kinds, f"{form.__name__}.{name}"
    assert seen


@pytest.fixture
def api(log, client_for, people, acme):
    from tenants.keys import api_keys

    _, secret = api_keys.create(acme, name="test", user=people.acme_owner)
    client = client_for(None, acme)

    def call(method, path, body=None):
        more = {} if body is None else {"data": body, "content_type": "application/json"}
        headers = {"Authorization": f"Bearer {secret}"}
        return getattr(client, method)(f"/api/v1/{path}", headers=headers, **more)

    return call


ENDS = [
    "9999-12-31T23:59:59-23:59",
    "9999-12-31T23:59:59Z",
    "0001-01-01T00:00:00%2B23:59",
    "2199-12-31T23:59:59-23:59",
    "1970-01-01T00:00:00%2B23:59",
]


@pytest.mark.parametrize("moment", ENDS)
@pytest.mark.parametrize("zone", ["UTC", "Pacific/Kiritimati", "Pacific/Pago_Pago"])
@pytest.mark.parametrize("window", ["", "&windowSize=MONTH", "&windowSize=DAY"])
def test_questions_about_the_end_of_time_are_answered_or_refused(api, moment, zone, window):
    for name in ("from", "to"):
        asked = f"meters/clicks/query?{name}={moment}&windowTimeZone={zone}{window}"
        assert api("get", asked).status_code in (200, 422)


@pytest.mark.parametrize("moment", ENDS[:3])
def test_events_of_the_end_of_time_are_refused(api, moment):
    said = an_event(time=moment.replace("%2B", "+"))
    assert api("post", "events", said).status_code == 422


@pytest.mark.parametrize("query", ["page=9" + "9" * 5000, "page=-1", "page=1e9", "q=" + "x" * 5000])
def test_numbers_and_words_without_end_are_no_error(client_for, people, acme, query):
    owner = client_for(people.acme_owner, acme)
    for page in ("/links/", "/files/", "/settings/audit/"):
        assert owner.get(f"{page}?{query}").status_code == 200
