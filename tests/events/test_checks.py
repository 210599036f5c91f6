import pytest
from django.conf import settings as django_settings

from events import checks


def ids(found):
    return [message.id for message in found]


def test_the_project_passes_its_own_checks():
    found = [*checks.check_events_database(), *checks.check_stream(), *checks.check_spool()]
    assert ids(found) == []


def test_an_address_that_is_none_is_found(settings):
    settings.EVENTS_DATABASE_URL = "http://example.com:port"
    assert ids(checks.check_events_database()) == ["events.E001"]


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("clickhouse://user:password@clickhouse.example.com:8123/events", []),
        ("clickhouse+https://clickhouse.example.com/events", []),
        ("clickhouse://clickhouse.example.com", ["events.E001"]),
        ("clickhouse://clickhouse.example.com:many/events", ["events.E001"]),
    ],
)
def test_an_address_of_clickhouse_needs_a_server_and_a_database(settings, url, found):
    settings.EVENTS_DATABASE_URL = url
    assert ids(checks.check_events_database()) == found


def test_the_primary_database_is_refused_as_the_store(settings):
    primary = django_settings.DATABASES["default"]
    settings.EVENTS_DATABASE_URL = (
        f"postgres://{primary['USER']}:x@{primary['HOST']}:{primary['PORT']}/{primary['NAME']}"
    )
    assert ids(checks.check_events_database()) == ["events.E002"]


def test_a_missing_redis_or_middleware_is_found(settings):
    settings.REDIS_URL = ""
    settings.MIDDLEWARE = []
    assert ids(checks.check_stream()) == ["events.E003", "events.W001"]
