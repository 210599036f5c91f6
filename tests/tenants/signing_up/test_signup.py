"""Sign-up: one form, one workspace, whatever is clicked or broken."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django_tenants.utils import schema_context, schema_exists

from events.models import OutboxEvent
from identity.models import Person, PersonAlias, User
from tenants.models import Domain, Membership, PoolSchema, Role, Tenant
from tests.tenants.signing_up.form import loaded
from tests.visiting import look

SIGNUP = "/signup/"


def answers(**changes: str) -> dict[str, str]:
    email = f"{uuid4().hex[:8]}@example.org"
    return {
        "name": "Nora New",
        "email": email,
        "workspace_name": "Nora's Team",
        "slug": f"nora-{uuid4().hex[:6]}",
        "password1": "a long enough secret",
        **loaded(changes.get("token")),
        **changes,
    }


def at_once(call: Callable[[Any], None], arguments: Iterable[Any]) -> None:
    """Call it in a thread for each argument, all at once; each gives its connection back."""

    def run(argument: Any) -> None:
        try:
            call(argument)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[argument]) for argument in arguments]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def home_of(slug):
    return f"http://{slug}.{settings.APP_DOMAIN}{settings.PUBLIC_PORT_SUFFIX}/"


def test_it_ends_in_a_workspace_with_schema_domain_and_owner(client_for):
    form = answers()
    response = client_for().post(SIGNUP, form)

    tenant = Tenant.objects.get(slug=form["slug"])
    assert response.status_code == 302
    assert response["Location"] == home_of(form["slug"])
    assert schema_exists(tenant.schema_name)
    assert Domain.objects.get(tenant=tenant).domain == f"{form['slug']}.{settings.APP_DOMAIN}"
    membership = Membership.objects.get(tenant=tenant)
    assert (membership.role, membership.user.email) == (Role.OWNER, form["email"])


def test_its_events_are_rows_of_its_transaction(client_for):
    OutboxEvent.objects.all().delete()
    client_for().post(SIGNUP, answers())

    names = {json.loads(row.payload)["name"] for row in OutboxEvent.objects.all()}
    assert names >= {"Person Identified", "Signed Up", "Workspace Created", "Seat Count Changed"}


def test_the_next_page_is_the_workspace(client_for):
    client = client_for()
    form = answers()
    client.post(SIGNUP, form)
    assert client.get("/go/")["Location"] == home_of(form["slug"])


def test_who_wanted_to_go_somewhere_else_goes_there(client_for):
    response = client_for().post(f"{SIGNUP}?next=/email/", answers())
    assert response["Location"] == "/email/"


def test_the_person_keeps_the_history_of_the_anonymous_browser(client_for):
    client = client_for()
    anonymous_id = look(client, "/").cookies["plg_aid"].value
    client.get(SIGNUP)
    form = answers()
    client.post(SIGNUP, form)
    alias = PersonAlias.objects.get(anonymous_id=anonymous_id)
    assert alias.person == Person.objects.get(user__email=form["email"])


def test_without_javascript_it_begins_with_the_sign_up(client_for):
    client = client_for()
    client.get(SIGNUP)
    form = answers()
    anonymous_id = client.post(SIGNUP, form).cookies["plg_aid"].value
    alias = PersonAlias.objects.get(anonymous_id=anonymous_id)
    assert alias.person == Person.objects.get(user__email=form["email"])


def test_the_plan_picked_on_the_price_list_is_remembered(client_for):
    client = client_for()
    page = client.get(SIGNUP + "?plan=pro").content.decode()
    assert 'name="plan" value="pro"' in page
    form = answers(plan="pro")
    client.post(SIGNUP, form)
    assert Tenant.objects.get(slug=form["slug"]).intent == "pro"


def test_without_a_password_it_works_and_the_user_signs_in_by_code(client_for):
    form = answers(password1="")
    assert client_for().post(SIGNUP, form).status_code == 302
    assert not User.objects.get(email=form["email"]).has_usable_password()


def test_an_address_made_from_the_name_is_numbered_when_it_is_taken(client_for):
    for _ in range(2):
        client_for().post(SIGNUP, answers(slug="", workspace_name="Same Name Ltd"))
    assert set(Tenant.objects.filter(name="Same Name Ltd").values_list("slug", flat=True)) == {
        "same-name-ltd",
        "same-name-ltd-2",
    }


@pytest.mark.parametrize(
    ("slug", "words"),
    [
        ("acme", "“acme-2” is free"),
        ("www", "reserved"),
        ("no spaces", "small letters"),
        ("-x-", "small letters"),
        ("ab", "3 to 40"),
        ("xn--80ak6aa92e", "reserved"),
    ],
)
def test_a_slug_that_cannot_be_is_told_in_words(client_for, slug, words):
    users = User.objects.count()
    response = client_for().post(SIGNUP, answers(slug=slug))
    assert words in response.content.decode()
    assert User.objects.count() == users


def test_what_was_typed_is_not_lost_when_the_form_is_refused(client_for):
    response = client_for().post(SIGNUP, answers(slug="www", workspace_name="Typed Once"))
    assert "Typed Once" in response.content.decode()


def test_an_address_in_use_gets_the_same_answer_as_a_new_one(client_for, people):
    form, other = answers(), answers(email=people.acme_owner.email)
    new, used = client_for().post(SIGNUP, form), client_for().post(SIGNUP, other)
    assert new["Location"] == home_of(form["slug"])
    assert (used.status_code, used["Location"]) == (new.status_code, home_of(other["slug"]))
    assert sorted(used.cookies) == sorted(new.cookies)


def test_signing_up_with_anothers_address_gives_no_access_to_their_workspace(
    client_for, people, acme
):
    client = client_for()
    client.post(SIGNUP, answers(email=people.acme_owner.email))
    stranger = User.objects.filter(email=people.acme_owner.email).exclude(pk=people.acme_owner.pk)
    assert client_for(stranger.get(), acme).get("/").status_code == 404


def test_a_second_click_finds_the_workspace_of_the_first(client_for):
    form = answers()
    first, second = client_for(), client_for()
    first.post(SIGNUP, form)
    response = second.post(SIGNUP, form)
    assert response.status_code == 302
    assert User.objects.filter(email=form["email"]).count() == 1
    assert Tenant.objects.filter(slug=form["slug"]).count() == 1
    assert form["slug"] in second.get("/go/")["Location"]


def test_a_token_does_not_sign_in_with_another_address(client_for):
    form = answers()
    client_for().post(SIGNUP, form)
    thief = client_for()
    response = thief.post(SIGNUP, {**form, "email": "thief@example.org"})
    assert response.status_code == 409
    assert thief.get("/go/").status_code == 302
    assert "/login/" in thief.get("/go/")["Location"]


def test_a_claimed_schema_goes_back_when_the_sign_up_fails(client_for):
    before = set(PoolSchema.objects.values_list("schema_name", flat=True))
    client_for().post(SIGNUP, answers(slug="acme"))
    assert set(PoolSchema.objects.values_list("schema_name", flat=True)) == before


def test_a_new_schema_is_seeded_and_separate(client_for):
    form = answers()
    client_for().post(SIGNUP, form)
    tenant = Tenant.objects.get(slug=form["slug"])
    from product.models import Link

    with schema_context(tenant.schema_name):
        assert Link.objects.filter(is_sample=True).exists()
        Link.objects.all().delete()
    with schema_context(Tenant.objects.get(slug="acme").schema_name):
        assert Link.objects.filter(is_sample=True).exists()


def test_eight_at_once_with_the_same_token_make_one_workspace(committed):
    form = answers()
    answered = []

    def click(_: int) -> None:
        client = Client(headers={"host": settings.SITE_DOMAIN})
        answered.append(client.post(SIGNUP, form).status_code)

    at_once(click, range(8))
    tenants = Tenant.objects.filter(slug=form["slug"])
    try:
        assert answered == [302] * 8
        assert tenants.count() == 1
        assert User.objects.filter(email=form["email"]).count() == 1
    finally:
        tenants.delete()
        User.objects.filter(email=form["email"]).delete()


def test_two_who_want_the_same_slug_at_once_get_one_and_a_clear_no(committed):
    slug = f"race-{uuid4().hex[:6]}"
    forms = [answers(slug=slug) for _ in range(4)]
    bodies: list[tuple[int, str]] = []

    def click(form: dict[str, str]) -> None:
        response = Client(headers={"host": settings.SITE_DOMAIN}).post(SIGNUP, form)
        bodies.append((response.status_code, response.content.decode()))

    at_once(click, forms)
    try:
        assert sorted(status for status, _ in bodies)[0] in {200, 302}
        assert [status for status, _ in bodies].count(302) == 1
        refused = [body for status, body in bodies if status != 302]
        assert all("is taken" in body for body in refused)
        assert User.objects.filter(email__in=[f["email"] for f in forms]).count() == 1
    finally:
        Tenant.objects.filter(slug=slug).delete()
        User.objects.filter(email__in=[f["email"] for f in forms]).delete()
