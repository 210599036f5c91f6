"""/staff/health/: what is broken stands first, in words that say what to do; the same as doctor says."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest

from cms.models import SiteBuild
from plg_site.doctor import health
from plg_site.doctor.examination import CHECKS
from tests.staff.test_pages import staff  # noqa: F401 (fixture)

PATH = "/staff/health/"


@pytest.fixture(autouse=True)
def _asked_anew():
    health.forget()
    yield
    health.forget()


def text_of(client, **headers):
    answer = client.get(PATH, headers=headers)
    assert answer.status_code == 200
    return answer.content.decode()


def test_it_shows_what_doctor_says_and_what_to_do(staff):  # noqa: F811
    SiteBuild.objects.create(started_at=datetime.now(UTC), problem="the disk is full")
    text = text_of(staff)
    assert "the disk is full" in text
    assert "manage.py build_site" in text
    first = text.index('id="check-website"')
    assert all(
        text.index(f'id="check-{name}"') >= first
        for name in ("disk", "queues")
        if f'id="check-{name}"' in text
    )
    assert "broken" in text


def test_each_check_that_can_be_asked_often_is_there(staff):  # noqa: F811
    text = text_of(staff)
    for name in set(CHECKS) - health.SELDOM:
        assert f'id="check-{name}"' in text
    assert set(CHECKS) > health.SELDOM, "those that are left out are checks"
    assert {"event_log", "queues", "readers", "outbound", "pool", "website"} <= (
        set(CHECKS) - health.SELDOM
    )


def test_it_refreshes_only_its_part(staff):  # noqa: F811
    text = text_of(staff, **{"HX-Request": "true"})
    assert 'id="staff-live"' in text
    assert "<html" not in text


def test_what_does_not_answer_is_said_and_is_no_error(staff, settings):  # noqa: F811
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    settings.EVENTS_DATABASE_URL = "postgres://nobody:nothing@127.0.0.1:1/nowhere"
    began = time.monotonic()
    text = text_of(staff)
    assert "does not answer" in text
    assert "parts are broken" in text
    assert time.monotonic() - began < 120


def test_who_asks_again_at_once_does_not_ask_the_databases(staff, django_assert_max_num_queries):  # noqa: F811
    text_of(staff)
    found = health.looked()
    assert health.looked() is found


def test_the_numbers_say_the_same(db):
    from events import metrics

    SiteBuild.objects.create(started_at=datetime.now(UTC), problem="the disk is full")
    [question] = [each for each in metrics.questions() if each.name == "installation"]
    found = {(name, labels): value for name, labels, value in question.ask()}
    assert found[("plg_health", ("website",))] == 2
    assert found[("plg_site_build_failed", ())] is True
    assert {labels[0] for name, labels in found if name == "plg_health"} == (
        set(CHECKS) - health.SELDOM
    )
