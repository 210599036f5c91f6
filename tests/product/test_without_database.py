"""Short links while PostgreSQL is away: what was known goes on, and what was ended does not come back."""

from __future__ import annotations

import pytest
from django.conf import settings

from metering.quotas import counters, leases
from product import destinations
from tenants import hosts
from tests.away import by_another_thread, database_away


@pytest.fixture(autouse=True)
def _quietly(visitor):
    """Django's test client raises what the handler has answered already."""
    visitor.raise_request_exception = False


@pytest.fixture
def an_old_second_ago(monkeypatch):
    """What is known by heart is no longer fresh: the next one asks."""

    def pass_by() -> None:
        for memory in (destinations._recent, hosts.resolving._recent):
            memory._kept = {key: (at - 2.0, value) for key, (at, value) in memory._kept.items()}

    return pass_by


def test_a_link_that_was_followed_goes_on_and_its_clicks_are_recorded(
    client_for, acme, visitor, make_link, used, an_old_second_ago
):
    link = make_link(target_url="https://example.com/")
    assert visitor.get(f"/{link.code}").status_code == 302
    before = used("clicks")
    an_old_second_ago()
    others = [client_for(None, acme, REMOTE_ADDR=f"192.0.2.{number}") for number in range(3)]
    with database_away():
        for other in others:
            answer = by_another_thread(lambda who=other: who.get(f"/{link.code}"))
            assert (answer.status_code, answer["Location"]) == (302, "https://example.com/")
    assert used("clicks") == before + 3


def test_a_click_is_allowed_where_the_limits_cannot_be_read_and_its_counter_is_filled_anew(
    client_for, visitor, make_link, acme, an_old_second_ago
):
    link = make_link()
    visitor.get(f"/{link.code}")
    an_old_second_ago()
    other = client_for(None, acme, REMOTE_ADDR="192.0.2.9")
    leases.forget_all()
    counters.forget_limits(acme.schema_name)
    with database_away():
        assert by_another_thread(lambda: other.get(f"/{link.code}")).status_code == 302
    assert any(key[:2] == (acme.schema_name, "clicks") for key in leases.of_this_process()._alone)


def test_a_link_that_nobody_followed_says_that_it_cannot_be_answered(visitor, make_link):
    visitor.get(f"/{make_link().code}")  # the host is known
    code = make_link().code
    with database_away():
        answer = by_another_thread(lambda: visitor.get(f"/{code}"))
    assert answer.status_code == 503
    assert answer["Retry-After"]
    assert "Try again" in answer.content.decode()


def test_what_was_deleted_while_the_database_was_there_does_not_come_back(
    visitor, make_link, in_acme, an_old_second_ago
):
    link = make_link()
    assert visitor.get(f"/{link.code}").status_code == 302
    with in_acme():
        type(link).objects.filter(pk=link.pk).delete()  # by another process: this one is not told
    an_old_second_ago()
    assert visitor.get(f"/{link.code}").status_code == 404
    with database_away():
        assert by_another_thread(lambda: visitor.get(f"/{link.code}")).status_code == 503


def test_a_workspace_that_was_suspended_stops_at_once(visitor, make_link, acme, an_old_second_ago):
    link = make_link()
    assert visitor.get(f"/{link.code}").status_code == 302
    type(acme).objects.filter(pk=acme.pk).update(status="suspended")
    hosts.forget(f"{acme.slug}.{settings.APP_DOMAIN}")
    destinations.forget_all()
    assert visitor.get(f"/{link.code}").status_code == 404
    an_old_second_ago()
    with database_away():
        assert by_another_thread(lambda: visitor.get(f"/{link.code}")).status_code != 302
