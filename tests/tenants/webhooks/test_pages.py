"""The pages of webhooks, as those see them who may, and as nobody else does."""

from __future__ import annotations

import re

import pytest

from outbound.models import Message, WebhookEndpoint
from outbound.running import Runner
from outbound.simulators.webhook_endpoint import Answer
from tenants import row_bounds
from tenants.models import AuditEntry
from tests.outbound.webhooks.writing import message_for

PATH = "/settings/webhooks/"
SECRET = re.compile(r"whsec_[A-Za-z0-9+/=]{40,}")


@pytest.fixture
def owner(client_for, people, acme):
    return client_for(people.acme_owner, acme)


def noted(acme) -> list[str]:
    rows = AuditEntry.objects.for_tenant(acme).filter(action__startswith="webhook.")
    return list(rows.order_by("id").values_list("action", flat=True))


def of_form(url: str, *names: str) -> dict[str, object]:
    return {"url": url, "description": "CRM", "names": names or ("Member Joined",)}


def test_the_pages_are_for_owners_and_admins(client_for, people, acme, globex, endpoint):
    one = f"{PATH}{endpoint.pk}/"
    for path in (PATH, one):
        assert client_for(people.acme_owner, acme).get(path).status_code == 200
        assert client_for(people.acme_member, acme).get(path).status_code == 403
        assert client_for(people.outsider, acme).get(path).status_code == 404
        assert client_for(None, acme).get(path).status_code == 302
    assert client_for(people.globex_owner, globex).get(one).status_code == 404


@pytest.mark.parametrize("what", ["secret", "test", "pause", "resume", "remove"])
def test_nobody_else_does_anything_to_one(client_for, people, acme, globex, endpoint, what):
    path = f"{PATH}{endpoint.pk}/{what}/"
    before = WebhookEndpoint.objects.filter(pk=endpoint.pk).values().get()
    assert client_for(people.acme_member, acme).post(path).status_code == 403
    assert client_for(people.outsider, acme).post(path).status_code == 404
    assert client_for(people.globex_owner, globex).post(path).status_code == 404
    assert WebhookEndpoint.objects.filter(pk=endpoint.pk).values().get() == before
    assert not Message.objects.filter(channel="webhook").exists()


def test_the_secret_is_shown_once(owner, acme, program):
    page = owner.post(PATH, of_form(program.url)).content.decode()
    secret = SECRET.search(page)
    endpoint = WebhookEndpoint.objects.for_tenant(acme).get()
    assert secret is not None
    for path in (PATH, f"{PATH}{endpoint.pk}/"):
        assert not SECRET.search(owner.get(path).content.decode())
    message_for(endpoint)
    Runner().one_pass()
    assert program.received[0].is_signed_with(secret[0])


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://example.com/", "https://"),
        ("https://127.0.0.1/", "network"),
        ("https://169.254.169.254/latest/meta-data/", "network"),
        ("https://localhost/", "internet"),
        ("hello", "https://"),
        ("", "required"),
    ],
)
def test_an_address_that_is_never_called_is_refused_in_words(owner, acme, settings, url, words):
    settings.WEBHOOKS_TO_LOOPBACK = False
    answer = owner.post(PATH, of_form(url))
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert not WebhookEndpoint.objects.for_tenant(acme).exists()


def test_events_that_are_not_offered_cannot_be_chosen(owner, acme, program):
    assert owner.post(PATH, of_form(program.url, "API Called")).status_code == 422
    answer = owner.post(PATH, {"url": program.url})
    assert answer.status_code == 422
    assert not WebhookEndpoint.objects.for_tenant(acme).exists()


def test_there_are_so_many_and_no_more(owner, acme, program, monkeypatch):
    bound = row_bounds.Bound(2, row_bounds.WEBHOOKS.words)
    monkeypatch.setattr(row_bounds, "WEBHOOKS", bound)
    answers = [owner.post(PATH, of_form(program.url)) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 422]
    assert "at most 10 webhooks" in answers[2].content.decode()


def test_all_that_is_done_stands_in_the_audit_log(owner, acme, program):
    owner.post(PATH, of_form(program.url))
    endpoint = WebhookEndpoint.objects.for_tenant(acme).get()
    one = f"{PATH}{endpoint.pk}/"
    owner.post(one, of_form(f"{program.url}/new", "Member Left"))
    for what in ("secret", "pause", "resume", "remove"):
        owner.post(f"{one}{what}/")
    assert noted(acme) == [
        f"webhook.{what}"
        for what in ("added", "changed", "secret_rolled", "paused", "resumed", "removed")
    ]
    entry = AuditEntry.objects.for_tenant(acme).get(action="webhook.changed")
    assert entry.details["to"] == f"{program.url}/new"
    assert not any("whsec" in str(row) for row in AuditEntry.objects.values())
    assert not WebhookEndpoint.objects.for_tenant(acme).exists()


def test_a_test_is_sent_and_its_result_stands_on_the_page(owner, endpoint, program):
    program.answers.append(Answer(500))
    owner.post(f"{PATH}{endpoint.pk}/test/")
    Runner().one_pass()
    page = owner.get(f"{PATH}{endpoint.pk}/").content.decode()
    assert "webhook.test" in page
    assert "HTTP 500" in page
    assert "Tried again" in page


def test_tests_are_bounded(owner, endpoint):
    answers = [owner.post(f"{PATH}{endpoint.pk}/test/", follow=True) for _ in range(12)]
    assert "many tests" in answers[-1].content.decode()
    assert Message.objects.filter(channel="webhook").count() == 10


def test_a_paused_one_gets_no_test(owner, endpoint):
    owner.post(f"{PATH}{endpoint.pk}/pause/")
    assert (
        "Resume it first" in owner.post(f"{PATH}{endpoint.pk}/test/", follow=True).content.decode()
    )
    assert not Message.objects.filter(channel="webhook").exists()


def test_a_new_secret_comes_with_a_day_in_which_both_sign(owner, endpoint, made, program):
    page = owner.post(f"{PATH}{endpoint.pk}/secret/").content.decode()
    current = SECRET.search(page)
    assert current is not None
    assert "the former one signs, too" in page
    message_for(endpoint)
    Runner().one_pass()
    assert program.received[0].is_signed_with(current[0])
    assert program.received[0].is_signed_with(made[1])


def test_the_archive_names_them_without_secrets(acme, endpoint):
    from tenants.archive import shared

    [row] = list(shared.parts()["webhooks"].rows(acme))
    assert row["url"] == endpoint.url
    assert not any("secret" in key for key in row)


def test_the_purge_of_a_workspace_takes_them(acme, globex, endpoint, people):
    from outbound import erasing, webhooks

    other, _ = webhooks.add(
        tenant_id=globex.pk, url=endpoint.url, names=[], by=people.globex_owner.pk
    )
    message_for(endpoint)
    erasing.workspace(acme.pk)
    assert list(WebhookEndpoint.objects.values_list("pk", flat=True)) == [other.pk]
    assert not Message.objects.filter(channel="webhook").exists()
