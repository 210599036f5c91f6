"""What the website says is so: help has an address, terms are agreed to, prices lead to their plan."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from uuid import uuid4

import pytest
from django.core import mail
from django.template.loader import render_to_string
from django.test import Client

from cms.models import ContentPage
from cms.releases import release, shelf
from cms.seed import neutral
from identity.models import User
from outbound import letters
from product.catalogue import PLANS
from product.website import website
from tenants.members import membership
from tenants.models import Role, Tenant

# Each was promised once, and nothing did it.
NOT_KEPT = [
    "taxes are added",
    "mail support",
    "working day",
    "last four digits",
    "smaller one at the end",
    "thirty days before",
    "two weeks",
    "back it up",
    "switch off a link",
    "answer the mail",
    "answer this mail",
]


def sign_up(client: Client, **changes: str) -> User:
    form = {
        "name": "Nora New",
        "email": f"{uuid4().hex[:8]}@example.org",
        "workspace_name": "Nora's Team",
        "token": str(uuid4()),
        **changes,
    }
    assert client.post("/signup/", form).status_code == 302
    return User.objects.get(email=form["email"])


@pytest.mark.parametrize("promise", NOT_KEPT)
def test_no_text_that_ships_promises_what_nothing_keeps(promise: str) -> None:
    texts: list[object] = [website(), neutral.website(), [plan.features for plan in PLANS]]
    closed = {"closed": {"title": "", "text": "", "is_suspended": True}}
    texts.append(render_to_string("workspace/closed.html", closed))
    assert promise not in " ".join(str(texts).lower().split())


def test_the_contact_is_on_the_site_in_the_app_in_mails_and_on_error_pages(
    site: SimpleNamespace,
    client_for: Callable[..., Client],
    people: SimpleNamespace,
    acme: Tenant,
    settings: SimpleNamespace,
) -> None:
    settings.SUPPORT_EMAIL = "help@signpost.example"
    settings.SUPPORT_URL = "https://help.signpost.example/"
    release.build()
    kind = letters.get("identity.login_code")
    letter, _ = letters.render(kind, kind.content, {"email": "ada@example.com", "code": "ABCD"})
    shown = {
        "site": client_for().get("/pricing/").content.decode(),
        "app": client_for(people.acme_owner, acme).get("/").content.decode(),
        "404 of a workspace": client_for(people.outsider, acme).get("/").content.decode(),
        "500": render_to_string("500.html", {}),
        "mail": letter.html,
        "mail as text": letter.text,
    }
    assert {place for place, page in shown.items() if settings.SUPPORT_URL not in page} == set()
    by_mail = {place for place, page in shown.items() if settings.SUPPORT_EMAIL not in page}
    assert by_mail == {"app"}, "which leads to the help pages"


def test_without_a_contact_nobody_is_told_to_write(
    client_for: Callable[..., Client],
    people: SimpleNamespace,
    acme: Tenant,
    settings: SimpleNamespace,
) -> None:
    settings.SUPPORT_EMAIL = settings.SUPPORT_URL = ""
    kind = letters.get("identity.login_code")
    letter, _ = letters.render(kind, kind.content, {"email": "ada@example.com", "code": "ABCD"})
    pages = [
        client_for(people.acme_owner, acme).get("/").content.decode(),
        render_to_string("500.html", {}),
        letter.text,
    ]
    assert not any("mailto:" in page or "Questions?" in page for page in pages)


def test_the_sign_up_page_names_the_terms_beside_the_button_and_links_to_them(
    site: SimpleNamespace, built: shelf.Release, visitor: Client
) -> None:
    page = visitor.get("/signup/").content.decode()
    assert "With “Open workspace” you agree to our" in page
    assert '/terms/">Terms</a>' in page
    assert '/privacy/">Privacy</a>' in page


def test_without_terms_nothing_is_agreed_to(
    site: SimpleNamespace, visitor: Client, settings: SimpleNamespace
) -> None:
    ContentPage.objects.get(slug="terms").delete()
    release.build()
    assert "you agree" not in visitor.get("/signup/").content.decode()
    user = sign_up(visitor)
    assert (user.terms_version, user.terms_agreed_at) == ("", None)


def test_sign_up_records_which_version_of_the_terms_was_agreed_to_and_when(
    site: SimpleNamespace,
    built: shelf.Release,
    client_for: Callable[..., Client],
    publish: Callable[..., ContentPage],
) -> None:
    terms = ContentPage.objects.get(slug="terms")
    publish(terms, intro="The first")
    first = sign_up(client_for())
    publish(terms, intro="The second")
    second = sign_up(client_for())
    revisions = list(terms.revisions.order_by("-pk").values_list("pk", flat=True)[:2])
    assert second.terms_version == f"page {terms.pk}, revision {revisions[0]}"
    assert first.terms_version == f"page {terms.pk}, revision {revisions[1]}"
    assert first.terms_agreed_at is not None


def test_an_invited_person_who_joins_agrees_as_well(
    site: SimpleNamespace,
    built: shelf.Release,
    client_for: Callable[..., Client],
    people: SimpleNamespace,
    acme: Tenant,
    mailoutbox: list[mail.EmailMessage],
    django_capture_on_commit_callbacks: Callable[..., object],
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        membership.invite(acme, email="new@example.org", role=Role.MEMBER, by=people.acme_owner)
    secret = mailoutbox[0].body.split("/invitations/")[1].split("/")[0]
    page = f"/invitations/{secret}/join/"
    client = client_for()
    assert "With “Join” you agree to our" in client.get(page).content.decode()
    assert client.post(page, {"name": "Nia"}).status_code == 302
    assert User.objects.get(email="new@example.org").terms_version.startswith("page ")


def test_each_price_leads_to_its_plan_paid_as_it_says(
    site: SimpleNamespace, built: shelf.Release, visitor: Client
) -> None:
    page = visitor.get("/pricing/").content.decode()
    for plan in ("pro", "business"):
        for interval in ("month", "year"):
            query = f"?plan={plan}&amp;interval={interval}"
            assert f'href="/signup/{query}" data-when-signed-out' in page
            assert f'href="/go/{query}" data-when-signed-in hidden' in page
    assert 'href="/signup/?plan=free" data-when-signed-out' in page
    assert 'href="/go/" data-when-signed-in hidden' in page
