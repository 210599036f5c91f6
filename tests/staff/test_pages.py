from datetime import UTC, datetime
from uuid import UUID

import pytest
from allauth.account.models import EmailAddress

import events
from cms.models import SiteBuild
from events import refusals
from events.models import OutboxEvent
from events.readers import registered
from events.readers.following import Following
from events.readers.pages import Pages
from metering.pages.staff_usage import StaffUsage
from staff.log import LogPage
from tenants.models import MigrationFailure
from tests.events.log import an_event

PATH = "/staff/usage/"
LOG = "/staff/log/"
PAGES = [
    PATH,
    LOG,
    "/staff/pressure/",
    "/staff/workspaces/",
    "/staff/search/",
    "/staff/trail/",
    "/staff/health/",
    "/staff/revenue/",
]


@pytest.fixture
def staff(client_for, people):
    people.outsider.is_staff = True
    people.outsider.save()
    return client_for(people.outsider)


@pytest.mark.parametrize("path", PAGES)
def test_only_staff_sees_it(client_for, people, staff, path):
    visitor = client_for(None).get(path)
    assert visitor.status_code == 302
    assert "/login/?next=" in visitor["Location"]
    assert client_for(people.acme_owner).get(path).status_code == 404
    assert staff.get(path).status_code == 200


@pytest.mark.parametrize("path", PAGES)
def test_staff_whose_address_is_not_verified_is_no_staff(staff, people, path):
    assert staff.get(path).status_code == 200
    EmailAddress.objects.filter(user=people.outsider).update(verified=False)
    assert staff.get(path).status_code == 404


def test_it_is_not_on_the_host_of_a_workspace(client_for, people, acme):
    people.acme_owner.is_staff = True
    people.acme_owner.save()
    assert client_for(people.acme_owner, acme).get(PATH).status_code == 404


@pytest.mark.urls("plg_site.urls.site")
def test_it_shows_the_largest_workspaces_with_their_names(log, staff, acme, globex):
    for tenant, count in ((acme, 2), (globex, 5)):
        log.store.append([an_event("Thing Used", tenant=tenant.schema_name) for _ in range(count)])
    page = StaffUsage.of(meter_key="uses")
    assert [(each.name, each.value, each.share) for each in page.top] == [
        ("Globex", "5", "71.4 %"),
        ("Acme", "2", "28.6 %"),
    ]
    assert {total.label: total.value for total in page.totals}["Uses"] == "7"


def test_it_says_that_no_consumer_runs(log, db):
    with events.batch():
        events.record("Thing Used", tenant="w_x", properties={"thing_id": UUID(int=1)})
    page = LogPage.of()
    assert page.lag.waiting == 1
    assert any("No consumer" in alarm for alarm in page.alarms)


def test_it_says_that_all_is_well(log, db):
    OutboxEvent.objects.all().delete()  # the world of the tests recorded some
    reader = log.reader("here")
    reader.read(most=1, wait_ms=1)
    order = log.store.order
    for each in registered():  # they say that they have never run until they have
        Following(each, order=order, pages=Pages(order)).step()
    page = LogPage.of()
    assert page.alarms == []
    assert [each.is_alive for each in page.consumers] == [True]


def test_dead_letters_and_refusals_have_their_reasons(log, staff):
    log.redis.xadd(log.keys.dead, {"e": b'{"secret": "x"}', "reason": b"no_such: It is nothing."})
    refusals.count("wrong_property", 3)
    refusals.send()
    text = staff.get(LOG).content.decode()
    assert "no_such" in text
    assert "It is nothing." in text
    assert "wrong_property" in text
    assert "1 events could not be stored" in text
    assert "secret" not in text


def test_what_does_not_answer_is_an_alarm_and_not_an_error(log, staff, settings):
    settings.EVENTS_DATABASE_URL = "postgres://nobody:nothing@127.0.0.1:1/nowhere"
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    assert "The event store does not answer" in staff.get(PATH).content.decode()
    assert "Redis does not answer" in staff.get(LOG).content.decode()


@pytest.mark.parametrize("path", [PATH, LOG])
def test_it_refreshes_only_its_part(staff, path):
    text = staff.get(path, headers={"HX-Request": "true"}).content.decode()
    assert 'id="staff-live"' in text
    assert "<html" not in text


def test_it_says_which_workspaces_could_not_be_migrated_and_why(staff, acme, globex):
    MigrationFailure.objects.create(tenant=acme, wanted="today", reason="things.0002_x: no room")
    page = staff.get("/staff/workspaces/?status=stayed-behind").content.decode()
    assert "things.0002_x: no room" in page
    assert acme.name in page
    assert globex.name not in page
    assert globex.name in staff.get("/staff/workspaces/").content.decode()


def test_it_says_that_the_website_could_not_be_built(staff):
    assert "could not be built" not in staff.get(LOG).content.decode()
    SiteBuild.objects.create(started_at=datetime.now(UTC), problem="the disk is full")
    page = staff.get(LOG).content.decode()
    assert "The website could not be built" in page
    assert "the disk is full" in page
