import csv
import io
import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from metering import Limit, UsagePrice
from metering.asking import export, ranges
from metering.definitions.catalogue import get
from metering.models import SpendLimit
from metering.pages import chart
from metering.pages.meter_page import Ask, MeterPage
from metering.quotas import limits
from metering.wording import names
from tenants.keys import api_keys
from tests.events.log import an_event

NOW = datetime(2026, 5, 20, 12, tzinfo=UTC)


@pytest.fixture
def owner(client_for, people, acme):
    return client_for(people.acme_owner, acme)


@pytest.fixture
def call(log, acme):
    """`call("website", 3, days_ago=2)`: API calls with the key of this id."""

    def record(key, count=1, *, days_ago=0, now=NOW, tenant=acme):
        at = now - timedelta(days=days_ago)
        log.store.append(
            [
                an_event(
                    "API Called", tenant=tenant.schema_name, time=at,
                    key_id=str(key), method="GET", path="/api/v1/links",
                )
                for _ in range(count)
            ]
        )  # fmt: skip

    return record


def page(acme, key="api_calls", **wanted):
    return MeterPage.of(acme, get(key), Ask(**wanted), now=NOW)


def test_every_day_of_the_period_has_its_column(call, acme):
    call("a", 3, days_ago=2)
    call("a", 2)
    found = page(acme)
    columns = {column.label: column.value for column in found.chart.columns}
    assert len(columns) == 31
    assert (columns["18 May"], columns["19 May"], columns["20 May"]) == (3, 0, 2)
    assert found.total == "5"


def test_hours_are_shown_where_they_fit(call, acme):
    call("a", 3)
    by_hour = page(acme, range="7d", window="hour")
    assert len(by_hour.chart.columns) == 7 * 24
    assert {c.label: c.value for c in by_hour.chart.columns}["20 May, 12:00"] == 3
    assert not page(acme, range="90d", window="hour").by_hour
    assert page(acme, range="today").by_hour


def test_a_split_chart_keeps_the_largest_groups_and_one_for_the_rest(call, acme):
    for number in range(8):
        call(f"key-{number}", number + 1)
    found = page(acme, range="7d", group="key_id")
    assert [name for _, name in found.chart.legend] == [
        "key-7", "key-6", "key-5", "key-4", "key-3", "All others"
    ]  # fmt: skip
    today = found.chart.columns[-1]
    assert today.value == 36
    assert sum(part.value for part in today.parts) == 36
    assert today.parts[-1].value == 6
    assert [each.display for each in found.top] == ["8", "7", "6", "5", "4", "3", "2", "1"]
    assert found.top[0].share == "22 %"


def test_keys_have_their_names_and_unknown_ones_a_short_id(call, acme, people, globex):
    mine, _ = api_keys.create(acme, name="website", user=people.acme_owner)
    foreign, _ = api_keys.create(globex, name="their secret project", user=people.globex_owner)
    call(mine.pk, 2)
    call(foreign.pk, 1)
    assert [each.name for each in page(acme).top] == ["website", f"…{str(foreign.pk)[-6:]}"]


def test_members_have_names_and_strangers_do_not(people, acme):
    from identity.persons import person_of

    ids = {str(person_of(user).pk) for user in (people.acme_owner, people.globex_owner)}
    named = names.of(acme, "person", {*ids, None, "not-an-id"})
    assert sorted(named.values())[0] == "Acme Owner"
    assert "Globex Owner" not in named.values()
    assert named[None] == "none"


def test_a_day_is_one_of_the_workspace(call, acme):
    call("a", now=datetime(2026, 5, 19, 23, 30, tzinfo=UTC))
    columns = {c.label: c.value for c in page(acme, range="7d").chart.columns}
    assert (columns["19 May"], columns["20 May"]) == (1, 0)
    acme.time_zone = "Europe/Berlin"
    found = page(acme, range="7d")
    columns = {c.label: c.value for c in found.chart.columns}
    assert (columns["19 May"], columns["20 May"]) == (0, 1)
    assert found.time_zone == "Europe/Berlin"


def test_a_day_on_which_clocks_change_is_one_day(acme):
    acme.time_zone = "Europe/Berlin"
    now = datetime(2026, 3, 30, 12, tzinfo=UTC)
    chosen = ranges.pick(acme, get("api_calls"), "7d", now=now)
    lengths = [end - start for start, end in chosen.windows("day")]
    assert lengths.count(timedelta(hours=23)) == 1
    assert len(lengths) == 7


def test_the_days_that_lie_ahead_show_the_pace(call, acme):
    acme.created_at = NOW - timedelta(days=60)
    call("a", 75, days_ago=3)  # in seven days and a half
    ahead = [column for column in page(acme).chart.columns if column.expected]
    assert len(ahead) == 11
    assert {column.value for column in ahead} == {10}


def test_a_sum_that_never_starts_again_is_shown_as_what_there_was(log, acme):
    for days_ago, change in ((5, 4), (2, -1)):
        at = NOW - timedelta(days=days_ago)
        log.store.append(
            [an_event("Link Count Changed", tenant=acme.schema_name, time=at, change=change)]
        )
    values = [column.value for column in page(acme, key="links", range="7d").chart.columns]
    assert values == [0, 4, 4, 4, 3, 3, 3]


def test_names_that_there_are_not_fall_back(call, acme):
    found = page(acme, range="century", window="second", group="password")
    assert found.query == ""


@pytest.mark.parametrize(
    ("value", "top"), [(0, 1), (1, 1), (2, 2), (3, 4), (9, 10), (11, 20), (81, 100), (999, 1000)]
)
def test_a_scale_ends_at_an_even_number_above(value, top):
    assert chart.nice(value) == top


def test_the_page_has_a_table_behind_its_chart_and_links_for_everything(log, owner, acme):
    limits.set_limits(acme, {"clicks": Limit(1, hard=False, price=UsagePrice(50))}, currency="usd")
    link = "01890000-0000-7000-8000-000000000001"
    log.store.append(
        [
            an_event("Link Clicked", tenant=acme.schema_name, link_id=link, code="x")
            for _ in range(3)
        ]
    )
    text = owner.get("/usage/clicks/?range=7d&group=link_id").content.decode()
    assert "<strong>3</strong> of 1" in text
    assert "$1.00 so far" in text
    assert "Show as a table" in text
    assert '<th scope="col" class="table__num">…000001</th>' in text
    assert 'href="/usage/clicks/export.csv?range=7d&amp;group=link_id"' in text
    assert owner.get("/usage/nothing/").status_code == 404


def test_a_change_replaces_the_live_part_of_a_meters_page(log, owner, acme):
    text = owner.get("/usage/clicks/?range=7d").content.decode()
    address = re.search(r'hx-get="([^"]+)"', text)[1].replace("&amp;", "&")
    assert owner.get(address).status_code == 204
    log.store.append([an_event("Link Clicked", tenant=acme.schema_name)])
    live = owner.get(address).content.decode()
    assert "<strong>1</strong>" in live
    assert "<html" not in live


def test_the_pages_say_so_while_the_events_database_is_away(log, owner, settings):
    settings.EVENTS_DATABASE_URL = "postgres://nobody:nothing@127.0.0.1:1/nowhere"
    assert "cannot be shown right now" in owner.get("/usage/clicks/").content.decode()
    assert owner.get("/usage/clicks/export.csv").status_code == 503


def test_outsiders_and_members_of_others_see_nothing(log, client_for, people, acme):
    for path in ("/usage/clicks/", "/usage/clicks/export.csv", "/usage/limits/"):
        assert client_for(people.globex_owner, acme).get(path).status_code == 404
        assert client_for(None, acme).get(path).status_code == 302


def rows_of(response):
    text = b"".join(response.streaming_content).decode()
    return list(csv.DictReader(io.StringIO(text)))


def test_the_export_has_every_window_with_its_zone_and_names(log, owner, acme):
    type(acme).objects.filter(pk=acme.pk).update(time_zone="Europe/Berlin")
    link = "01890000-0000-7000-8000-000000000001"
    now = datetime.now(UTC)
    log.store.append(
        [an_event("Link Clicked", tenant=acme.schema_name, time=now, link_id=link, code="x")]
    )
    response = owner.get("/usage/clicks/export.csv?range=7d&group=link_id")
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert re.search(
        r'filename="clicks-\d{4}-\d\d-\d\d-\d{4}-\d\d-\d\d\.csv"', response["Content-Disposition"]
    )
    [row] = rows_of(response)
    assert row["meter"] == "clicks"
    assert row["window"] == "day"
    assert row["time_zone"] == "Europe/Berlin"
    start = datetime.fromisoformat(row["start"])
    assert start.astimezone(ZoneInfo("Europe/Berlin")).hour == 0
    assert (row["link_id"], row["link_id_name"], row["value"], row["events"]) == (
        link, "…000001", "1", "1"
    )  # fmt: skip


def test_a_long_export_is_asked_for_in_parts(log, acme):
    chosen = ranges.pick(acme, get("clicks"), "90d", now=NOW)
    log.store.append(
        [
            an_event("Link Clicked", tenant=acme.schema_name, time=NOW - timedelta(days=days))
            for days in range(0, 90, 7)
        ]
    )
    lines = list(export.rows(acme, chosen.question(get("clicks")), window="hour"))
    assert len(lines) == 1 + 13


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_no_cell_is_a_formula(cell):
    assert export.safe(cell) == f"'{cell}"
    assert export.safe(f"a{cell}") == f"a{cell}"


def test_a_value_from_outside_is_no_formula_in_the_file(log, owner, acme):
    log.store.append(
        [
            an_event(
                "API Called", tenant=acme.schema_name, key_id="=HYPERLINK(1)", method="GET",
                path="/",
            )
        ]
    )  # fmt: skip
    [row] = rows_of(owner.get("/usage/api_calls/export.csv?range=7d&group=key_id"))
    assert row["key_id"] == "'=HYPERLINK(1)"
    assert row["key_id_name"] == "'=HYPERLINK(1)"


def test_owners_set_alerts_and_limits_and_members_only_read(log, owner, client_for, people, acme):
    limits.set_limits(acme, {"links": 10})
    member = client_for(people.acme_member, acme)
    assert "Add alert" not in member.get("/usage/limits/").content.decode()
    for path in ("alerts/", "alerts/remove/", "own/"):
        assert member.post(f"/usage/limits/{path}").status_code == 403
    alert = {"meter": "links", "kind": "percent", "value": "50"}
    assert owner.post("/usage/limits/alerts/", alert).status_code == 302
    assert "50 % of the limit" in owner.get("/usage/limits/").content.decode()
    owner.post("/usage/limits/alerts/remove/", {"meter": "links", "key": "50%"})
    assert "50 % of the limit" not in owner.get("/usage/limits/").content.decode()
    assert owner.post("/usage/limits/own/", {"cap_links": "4"}).status_code == 302
    assert SpendLimit.objects.for_tenant(acme).get().amount == 4
    assert "left of your own limit" in owner.get("/usage/").content.decode()


@pytest.mark.parametrize(
    "alert",
    [
        {"meter": "links", "kind": "percent", "value": "0"},
        {"meter": "links", "kind": "percent", "value": "5000"},
        {"meter": "clicks", "kind": "percent", "value": "50"},  # without a limit
        {"meter": "nothing", "kind": "amount", "value": "5"},
    ],
)
def test_an_alert_that_could_never_come_is_refused_in_words(log, owner, acme, alert):
    limits.set_limits(acme, {"links": 10})
    response = owner.post("/usage/limits/alerts/", alert)
    assert response.status_code == 422
    assert "field__error" in response.content.decode()


def test_the_time_zone_is_a_setting_of_the_workspace(owner, acme):
    assert (
        owner.post("/settings/", {"name": "Acme", "time_zone": "Mars/Olympus"}).status_code == 422
    )
    assert (
        owner.post("/settings/", {"name": "Acme", "time_zone": "Asia/Kolkata"}).status_code == 302
    )
    acme.refresh_from_db()
    assert acme.time_zone == "Asia/Kolkata"
