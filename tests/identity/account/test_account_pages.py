"""/account/: own name, time zone, mails one wants, one's own data. For the person alone."""

from __future__ import annotations

import json

import pytest
from django.conf import settings

from identity.models import User
from identity.persons import person_of
from metering.alerts import alert_mail
from metering.definitions.catalogue import get
from metering.definitions.limit import Limit
from metering.periods import Period
from outbound import recipients
from outbound.consents import consent
from outbound.models import Consent
from tenants.domains import letters as domain_letters
from tenants.domains.models import CustomDomain

PAGES = [
    "/account/",
    "/account/sessions/",
    "/account/mails/",
    "/account/close/",
    "/account/data/",
    "/account/security/",
]


@pytest.mark.parametrize("path", PAGES)
def test_the_pages_are_for_who_is_signed_in(client_for, people, path):
    assert client_for(people.outsider).get(path).status_code == 200
    visitor = client_for().get(path)
    assert (visitor.status_code, "/login/" in visitor["Location"]) == (302, True)


@pytest.mark.parametrize("path", PAGES)
def test_they_are_on_the_site_only(client_for, people, acme, path):
    answer = client_for(people.acme_owner, acme).get(path)
    assert answer.status_code == 404, answer.headers


@pytest.mark.parametrize("path", PAGES)
def test_no_cache_keeps_them(client_for, people, path):
    assert "no-store" in client_for(people.outsider).get(path)["Cache-Control"]


def test_name_and_time_zone_are_changed_by_their_owner(client_for, people):
    client = client_for(people.outsider)
    fields = {"name": "  Otto   New ", "time_zone": "Europe/Berlin"}
    assert client.post("/account/", fields)["Location"] == "/account/"
    changed = User.objects.get(pk=people.outsider.pk)
    assert (changed.name, changed.time_zone) == ("Otto New", "Europe/Berlin")
    assert "Otto New" in client.get("/account/").content.decode()


def test_nothing_else_of_a_user_can_be_posted_there(client_for, people):
    client_for(people.outsider).post(
        "/account/",
        {"name": "Otto", "time_zone": "UTC", "is_staff": "on", "email": "a@b.example"},
    )
    changed = User.objects.get(pk=people.outsider.pk)
    assert (changed.is_staff, changed.email) == (False, "outsider@example.com")


@pytest.mark.parametrize("zone", ["Mars/Phobos", "../../etc/passwd", "", "\0"])
def test_a_time_zone_that_does_not_exist_is_refused(client_for, people, zone):
    answer = client_for(people.outsider).post("/account/", {"name": "Otto", "time_zone": zone})
    assert answer.status_code == 422
    assert User.objects.get(pk=people.outsider.pk).time_zone == "UTC"


def test_a_name_of_spaces_is_none(client_for, people):
    answer = client_for(people.outsider).post("/account/", {"name": "  ", "time_zone": "UTC"})
    assert answer.status_code == 422


def test_times_are_those_of_the_persons_zone(client_for, people):
    client = client_for(people.outsider)
    User.objects.filter(pk=people.outsider.pk).update(time_zone="Pacific/Kiritimati")
    row = people.outsider.sign_ins.get()
    type(row).objects.filter(pk=row.pk).update(began_at="2026-05-01T20:30:00Z")
    assert "2 May 2026, 10:30" in client.get("/account/sessions/").content.decode()


class TestMails:
    def choose(self, client, *wanted: str) -> None:
        client.post("/account/mails/", dict.fromkeys(wanted, "mail"))

    def alert(self, tenant, mailoutbox, capture) -> set[str]:
        before = len(mailoutbox)
        with capture(execute=True):
            alert_mail.send(
                tenant, get("things"), "80%", at=8, used=8, limit=Limit(10),
                period=Period(None, None),
            )  # fmt: skip
        return {each.to[0] for each in mailoutbox[before:]}

    def test_who_says_no_to_usage_alerts_gets_none_and_others_do(
        self, client_for, people, acme, mailoutbox, django_capture_on_commit_callbacks
    ):
        capture = django_capture_on_commit_callbacks
        assert self.alert(acme, mailoutbox, capture) == {people.acme_owner.email}
        self.choose(client_for(people.acme_owner), "domains", "exports")
        assert self.alert(acme, mailoutbox, capture) == set()
        self.choose(client_for(people.acme_owner), "domains", "exports", "usage_alerts")
        assert self.alert(acme, mailoutbox, capture) == {people.acme_owner.email}

    def test_who_says_no_to_domains_gets_no_mail_about_them(
        self, client_for, people, acme, mailoutbox, django_capture_on_commit_callbacks
    ):
        claim = CustomDomain.objects.create(tenant=acme, name="links.example.org")
        self.choose(client_for(people.acme_owner), "usage_alerts")
        with django_capture_on_commit_callbacks(execute=True):
            domain_letters.is_served(claim)
        assert mailoutbox == []

    def test_one_persons_no_is_nobody_elses(self, client_for, people):
        self.choose(client_for(people.acme_owner))
        assert consent.who_want("domains", [people.acme_owner, people.globex_owner]) == [
            people.globex_owner
        ]

    def test_a_choice_that_is_no_kind_is_not_stored(self, client_for, people):
        self.choose(client_for(people.outsider), "domains", "exports", "usage_alerts", "everything")
        whom = recipients.person(person_of(people.outsider).pk)
        assert not Consent.objects.filter(recipient=whom, channel="mail").exists()
        assert not Consent.objects.filter(topic="everything").exists()

    def test_the_page_shows_what_was_chosen(self, client_for, people):
        client = client_for(people.outsider)
        self.choose(client, "domains")
        page = client.get("/account/mails/").content.decode()
        checked = [key for key in ("exports", "domains", "usage_alerts") if _checked(page, key)]
        assert checked == ["domains"]


def _checked(page: str, name: str, way: str = "mail") -> bool:
    tags = [part.split(">")[0] for part in page.split("<input")[1:]]
    [tag] = [tag for tag in tags if f'name="{name}"' in tag and f'value="{way}"' in tag]
    return "checked" in tag


class TestOwnData:
    def test_it_holds_what_we_know_of_this_person_and_of_nobody_else(
        self, client_for, people, acme, settle
    ):
        import events

        for person in (people.acme_owner, people.acme_member):
            events.record(
                "Person Identified",
                person=person_of(person),
                properties={"anonymous_id": f"of {person.name}"},
            )
        settle()
        answer = client_for(people.acme_owner).get("/account/data/")
        assert "attachment" in answer["Content-Disposition"]
        data = json.loads(answer.content)
        assert data["profile"]["email"] == people.acme_owner.email
        assert [each["email"] for each in data["addresses"]] == [people.acme_owner.email]
        assert [each["name"] for each in data["workspaces"]] == ["Acme"]
        assert len(data["sign_ins"]) == 1
        text = answer.content.decode()
        assert "of Acme Owner" in text
        assert "of Acme Member" not in text
        assert people.acme_member.email not in text
        for secret in ("correct horse", "password", "session_key", "md5$"):
            assert secret not in text

    def test_without_the_event_store_the_rest_is_there(self, client_for, people, settings):
        settings.EVENTS_DATABASE_URL = "postgres://nobody:nothing@127.0.0.1:1/nowhere"
        person_of(people.outsider)
        data = client_for(people.outsider).get("/account/data/").json()
        assert data["events"] is None
        assert data["profile"]["name"] == "Otto Outsider"


def test_the_menu_of_a_workspace_leads_to_the_account(client_for, people, acme):
    page = client_for(people.acme_owner, acme).get("/members/").content.decode()
    assert f'href="{settings.SITE_URL}/account/"' in page
