"""What somebody finds under the bell, from which host, and who finds nothing."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from django.conf import settings as django_settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from billing import entitlements
from identity.persons import person_of
from outbound import erasing, notifications
from outbound.bell import feed
from outbound.bell.feed import Looker
from outbound.models import Message, Notification
from outbound.running import Runner
from tenants.archive import shared
from tenants.members import membership
from tenants.models import Membership, Role, Status

HERE, ACCOUNT = "/notifications/", "/account/notifications/"


def give(user, title: str = "It is ready", **more) -> Notification:
    """Sent and delivered."""
    once = f"test:{uuid4()}"
    topic = "workspace" if more.get("tenant") else "account"
    notifications.send([user], title=title, topic=topic, once=once, **more)
    Runner().one_pass()
    return Notification.objects.get(message__once_key__startswith=once)


def shown(client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return answer.content.decode()


def test_it_stands_under_the_bell_of_its_workspace_and_of_the_account(client_for, people, acme):
    give(people.acme_owner, "Of acme", tenant=acme, path="/usage/")
    give(people.acme_owner, "Of the account", path="/account/security/")
    here = shown(client_for(people.acme_owner, acme), HERE)
    assert "Of acme" in here
    assert 'href="/usage/"' in here
    assert f'href="{django_settings.SITE_URL}/account/security/"' in here
    account = shown(client_for(people.acme_owner), ACCOUNT)
    assert "Of acme" in account
    assert f'href="{acme.get_absolute_url().rstrip("/")}/usage/"' in account
    assert acme.name in account


def test_another_workspaces_messages_are_not_visible(client_for, people, acme, globex):
    Membership.objects.create(tenant=globex, user=people.acme_owner, role=Role.MEMBER)
    theirs = give(people.acme_owner, "Of globex", tenant=globex)
    client = client_for(people.acme_owner, acme)
    for path in (HERE, f"{HERE}panel/"):
        assert "Of globex" not in shown(client, path)
    assert client.get(f"{HERE}news/").json()["unread"] == 0
    for action in ("reading", "dismissal"):
        assert client.post(f"{HERE}{theirs.pk}/{action}/").status_code == 404
    client.post(f"{HERE}reading/")
    theirs.refresh_from_db()
    assert (theirs.read_at, theirs.dismissed_at) == (None, None)


def test_a_colleagues_messages_are_not_visible(client_for, people, acme):
    theirs = give(people.acme_member, "For the member", tenant=acme)
    for client, base in (
        (client_for(people.acme_owner, acme), HERE),
        (client_for(people.acme_owner), ACCOUNT),
    ):
        assert "For the member" not in shown(client, base)
        assert client.post(f"{base}{theirs.pk}/reading/").status_code == 404
        assert client.post(f"{base}{theirs.pk}/dismissal/").status_code == 404


@pytest.mark.parametrize(
    "address", ["", "panel/", "news/", "reading/", "{id}/reading/", "{id}/dismissal/"]
)
def test_a_stranger_gets_to_none_of_the_addresses(client_for, people, acme, address):
    found = give(people.acme_owner, "Of acme", tenant=acme)
    path = address.format(id=found.pk)
    for method in ("get", "post"):
        for client, base in ((client_for(None, acme), HERE), (client_for(None), ACCOUNT)):
            answer = getattr(client, method)(base + path)
            assert answer.status_code in {302, 405}
            assert answer.status_code == 405 or "/login/" in answer["Location"]
        outside = getattr(client_for(people.outsider, acme), method)(HERE + path)
        assert outside.status_code == 404
    found.refresh_from_db()
    assert (found.read_at, found.dismissed_at) == (None, None)


def test_what_changes_something_needs_the_token_of_the_page(client_for, people, acme):
    found = give(people.acme_owner, tenant=acme)
    signed_in = client_for(people.acme_owner, acme)
    client = Client(headers={"host": signed_in.defaults["HTTP_HOST"]}, enforce_csrf_checks=True)
    client.cookies = signed_in.cookies
    for path in ("reading/", f"{found.pk}/reading/", f"{found.pk}/dismissal/"):
        assert client.post(HERE + path).status_code == 403
    found.refresh_from_db()
    assert (found.read_at, found.dismissed_at) == (None, None)


def test_reading_unreading_and_dismissing(client_for, people, acme):
    client = client_for(people.acme_owner, acme)
    first, second = (give(people.acme_owner, name, tenant=acme) for name in ("First", "Second"))
    news = f"{HERE}news/"
    assert client.get(news).json()["newest"]["title"] == "Second"
    answer = client.post(f"{HERE}{first.pk}/reading/", {"page": "1"})
    assert answer["Location"] == f"{HERE}?page=1"
    assert client.get(news).json()["unread"] == 1
    client.post(f"{HERE}{first.pk}/reading/", {"read": "0"})
    assert client.get(news).json()["unread"] == 2
    client.post(f"{HERE}reading/")
    assert client.get(news).json() | {"listen": "", "at": 0} == {
        "unread": 0, "count": "", "words": "Notifications, none unread", "newest": None,
        "listen": "", "at": 0,
    }  # fmt: skip
    client.post(f"{HERE}{second.pk}/dismissal/")
    page = shown(client, HERE)
    assert ("First" in page, "Second" in page) == (True, False)
    assert client.post(f"{HERE}{second.pk}/reading/").status_code == 404


def test_a_page_of_the_panel_is_answered_with_the_panel(client_for, people, acme):
    found = give(people.acme_owner, "First", tenant=acme)
    client = client_for(people.acme_owner, acme)
    answer = client.post(f"{HERE}{found.pk}/reading/", headers={"HX-Request": "true"})
    assert answer.status_code == 200
    assert 'data-unread="0"' in answer.content.decode()


def test_a_page_number_leads_nowhere_else(client_for, people, acme):
    found = give(people.acme_owner, tenant=acme)
    client = client_for(people.acme_owner, acme)
    answer = client.post(f"{HERE}{found.pk}/reading/", {"page": "1&next=//evil.example"})
    assert answer["Location"] == HERE


@pytest.mark.parametrize(("many", "count"), [(0, ""), (1, "1"), (9, "9"), (10, "9+"), (13, "9+")])
def test_the_count_is_bounded(client_for, people, acme, many, count):
    for _ in range(many):
        give(people.acme_owner, tenant=acme)
    client = client_for(people.acme_owner, acme)
    assert client.get(f"{HERE}news/").json()["count"] == count
    assert client.get("/members/").content.decode().count(
        f'aria-hidden="true">{count}</span></a>'
    ) == (2 if many else 0)


def test_a_workspace_counts_as_unread_what_it_lists_and_nobody_has_read(people, acme, globex):
    owner, now = people.acme_owner, timezone.now()
    Membership.objects.create(tenant=globex, user=owner, role=Role.MEMBER)
    given = [give(owner, f"Of acme {number}", tenant=acme) for number in range(5)]
    given[0].read_at = given[1].dismissed_at = now
    given[2].expires_at = now
    given[3].expires_at = now + timedelta(hours=1)
    Notification.objects.bulk_update(given, ["read_at", "dismissed_at", "expires_at"])
    give(owner, "Of the account")
    give(owner, "Of globex", tenant=globex)
    give(people.acme_member, "For the member", tenant=acme)

    here = Looker(owner, acme.pk)
    listed = feed.visible(here, now=now).filter(read_at=None)
    assert feed.unread(here, now=now) == listed.count() == 3


def test_the_list_goes_page_by_page_and_ends(client_for, people, acme, monkeypatch):
    monkeypatch.setattr(feed, "LISTED", 30)
    for number in range(35):
        give(people.acme_owner, f"Number {number:02}", tenant=acme)
    client = client_for(people.acme_owner, acme)
    first, second = (shown(client, f"{HERE}?page={page}") for page in (1, 2))
    assert ("Number 34" in first, "Number 15" in first, "Number 14" in first) == (True, True, False)
    assert ("Number 14" in second, "Number 05" in second, "Number 04" in second) == (
        True,
        True,
        False,
    )
    assert "newest ones" in second
    assert shown(client, f"{HERE}panel/").count("notification__title") == 8


def test_what_is_over_is_not_shown(client_for, people, acme):
    found = give(
        people.acme_owner, "Soon over", tenant=acme, expires_at=timezone.now() + timedelta(1)
    )
    client = client_for(people.acme_owner, acme)
    assert "Soon over" in shown(client, HERE)
    Notification.objects.filter(pk=found.pk).update(expires_at=timezone.now())
    assert "Soon over" not in shown(client, HERE)
    assert client.get(f"{HERE}news/").json()["unread"] == 0


def test_who_left_sees_nothing_of_the_workspace_any_more(client_for, people, acme):
    give(people.acme_member, "Of acme", tenant=acme)
    give(people.acme_member, "Of the account")
    client = client_for(people.acme_member)
    assert "Of acme" in shown(client, ACCOUNT)
    seat = Membership.objects.for_tenant(acme).get(user=people.acme_member)
    membership.remove_member(seat, by=people.acme_owner)
    page = shown(client, ACCOUNT)
    assert ("Of acme" in page, "Of the account" in page) == (False, True)
    membership.add_member(acme, user=people.acme_member, role=Role.MEMBER)
    assert "Of acme" not in shown(client, ACCOUNT), "not even who comes back"


def test_what_arrived_as_somebody_left_is_not_visible(client_for, people, acme):
    """The gate was asked before, the row came after: whose workspace it is is asked at each look."""
    found = give(people.acme_owner, "Of acme", tenant=acme)
    Notification.objects.filter(pk=found.pk).update(person_id=person_of(people.outsider).pk)
    assert "Of acme" not in shown(client_for(people.outsider), ACCOUNT)


def test_of_a_workspace_that_is_shut_the_account_shows_nothing(client_for, people, acme):
    give(people.acme_owner, "Of acme", tenant=acme)
    client = client_for(people.acme_owner)
    acme.status = Status.SUSPENDED
    acme.save(update_fields=["status"])
    assert "Of acme" not in shown(client, ACCOUNT)


def test_names_are_text(client_for, people, acme):
    give(people.acme_owner, "<script>alert(1)</script>", text="<b>x</b>", tenant=acme)
    for path in (HERE, f"{HERE}panel/"):
        page = shown(client_for(people.acme_owner, acme), path)
        assert "<script>alert" not in page
        assert "<b>x" not in page


def test_the_archive_of_a_workspace_has_them_and_the_purge_takes_them(people, acme):
    give(people.acme_owner, "Of acme", text="Words", tenant=acme, path="/usage/")
    give(people.acme_owner, "Of the account")
    [row] = shared.parts()["notifications"].rows(acme)
    assert (row["title"], row["text"], row["topic"]) == ("Of acme", "Words", "workspace")
    assert "read_at" not in row
    erasing.workspace(acme.pk)
    assert [each.title for each in Notification.objects.all()] == ["Of the account"]
    assert not Message.objects.for_tenant(acme).exists()


def queries(client, path: str) -> list[str]:
    client.get(path)  # hosts, templates
    entitlements.forget_all()  # known for a second, which may end in between
    with CaptureQueriesContext(connection) as asked:
        assert client.get(path).status_code == 200
    return [query["sql"] for query in asked]


@pytest.mark.parametrize("path", ["/", "/members/", "/usage/", "/settings/"])
def test_a_page_asks_once_for_the_bell_however_much_there_is(client_for, people, acme, path):
    client = client_for(people.acme_owner, acme)
    without = queries(client, path)
    for _ in range(3):
        give(people.acme_owner, tenant=acme)
    having = queries(client, path)
    assert len(having) == len(without)
    assert len([one for one in having if "outbound_" in one]) == 1


def test_the_list_asks_for_no_row_by_itself(client_for, people, acme):
    for _ in range(12):
        give(people.acme_owner, tenant=acme, path="/usage/")
    found = [one for one in queries(client_for(people.acme_owner), ACCOUNT) if "outbound_" in one]
    assert len(found) == 2


def test_that_question_is_answered_from_an_index(people, acme):
    """With a full table behind it: 20,000 messages of others, 300 of one's own."""
    person = person_of(people.acme_owner).pk
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH rows AS (
                INSERT INTO outbound_message (id, once_key, channel, topic, priority, address,
                    subject, sealed, state, reason, detail, not_before, attempts, provider_id, created_at)
                SELECT gen_random_uuid(), 'many:' || n, 'in_app', 'workspace', 1, '', '', '', 'sent', '',
                    '', now(), 1, '', now() FROM generate_series(1, 20300) n RETURNING id, once_key)
            INSERT INTO outbound_notification (message_id, person_id, tenant_id, title, text, path,
                created_at)
            SELECT id, CASE WHEN split_part(once_key, ':', 2)::int > 20000 THEN %s
                ELSE gen_random_uuid() END, %s, 'a', '', '', now() FROM rows
            """,
            [person, acme.pk],
        )
        cursor.execute("ANALYZE outbound_notification")
    rows = feed.visible(Looker(people.acme_owner, acme.pk)).filter(read_at=None)
    plan = rows.order_by()[: feed.COUNTED].explain()
    assert "Seq Scan on outbound_notification" not in plan
    assert "notification_" in plan
    assert feed.unread(Looker(people.acme_owner, acme.pk)) == feed.COUNTED
