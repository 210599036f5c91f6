"""Sign-up by trust: nobody is refused, and who nothing speaks for gets no schema."""

from __future__ import annotations

import re
import time
from uuid import uuid4

import pytest
from allauth.account.models import EmailAddress, EmailConfirmationHMAC
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django_tenants.utils import schema_exists

from events.limits.clients import UNKNOWN
from identity.models import User
from tenants.models import Status, Tenant
from tenants.pool import preparing
from tenants.signing_up import admission
from tests.identity.attempts.test_sign_in_limits import solved
from tests.metering.quotas.test_quota import NOBODY_LISTENS
from tests.tenants.signing_up.form import loaded

SIGNUP = "/signup/"
OFFICE = "198.51.100.1"


def answers(**changes: str) -> dict[str, str]:
    slug = f"adm-{uuid4().hex[:8]}"
    form = {"name": "Nora", "email": f"{slug}@example.org", "workspace_name": slug, "slug": slug}
    return {**form, **changes}


def made(form: dict[str, str]) -> Tenant | None:
    return Tenant.objects.filter(slug=form["slug"]).first()


def post(client, form, **more):
    return client.post(SIGNUP, {**form, **more})


def use_up(client_for, *, address: str = OFFICE, times: int = 2, **extra) -> None:
    for _ in range(times):
        assert (
            post(client_for(REMOTE_ADDR=address, **extra), answers(), **loaded()).status_code == 302
        )


@pytest.fixture
def small(settings):
    """Buckets that two fill up."""
    settings.SIGNUPS_BY_ADDRESS = "2/h"
    settings.SIGNUPS_BY_DEVICE = "2/h"
    settings.SIGNUPS_UNSEEN = "2/h"


@pytest.mark.thorough
def test_three_hundred_people_behind_one_address_get_three_hundred_workspaces(client_for):
    """In one go; each has at most one more step to do, and nobody is refused."""
    client = client_for(REMOTE_ADDR=OFFICE)
    steps = []
    for _ in range(300):
        form = {**answers(), **loaded()}
        client.cookies.clear()
        answer = client.post(SIGNUP, form)
        asked = answer.status_code == 200
        if asked:
            answer = client.post(SIGNUP, {**form, "proof": solved(answer.content.decode())})
        steps.append(asked)
        assert answer.status_code == 302
        tenant = made(form)
        assert tenant is not None
        assert not tenant.held
    assert not any(steps[:20])
    assert any(steps[20:])


@pytest.mark.thorough
def test_three_hundred_posts_that_never_loaded_the_form_get_no_schema(
    client_for, django_capture_on_commit_callbacks
):
    victims = [f"victim-{number % 7}@example.org" for number in range(300)]
    with django_capture_on_commit_callbacks(execute=True):
        for number, email in enumerate(victims):
            client = client_for(REMOTE_ADDR=f"10.{number // 250}.{number % 250}.9")
            form = answers(email=email)
            assert post(client, form).status_code in {200, 302}
            tenant = made(form)
            assert tenant is None or not schema_exists(tenant.schema_name)
    preparing.prepare_all()
    for tenant in Tenant.objects.filter(slug__startswith="adm-"):
        assert not schema_exists(tenant.schema_name)
    written_to = [message.to[0] for message in mail.outbox]
    assert len(written_to) == len(set(written_to)) <= 7


def test_what_was_typed_comes_back_with_the_step(client_for, small):
    use_up(client_for)
    form = {**answers(workspace_name="Typed Once", password1="a long enough secret"), **loaded()}
    answer = client_for(REMOTE_ADDR=OFFICE).post(SIGNUP, form)
    page = answer.content.decode()
    assert answer.status_code == 200
    assert "no-store" in answer["Cache-Control"]
    for typed in ("Typed Once", form["email"], form["slug"], "a long enough secret"):
        assert typed in page
    assert User.objects.filter(email=form["email"]).count() == 0


def test_a_solution_is_good_for_one_sign_up(client_for, small):
    use_up(client_for)
    client = client_for(REMOTE_ADDR=OFFICE)
    proof = solved(post(client, answers(), **loaded()).content.decode())
    assert (
        post(client_for(REMOTE_ADDR=OFFICE), answers(), **loaded(), proof=proof).status_code == 302
    )
    assert (
        post(client_for(REMOTE_ADDR=OFFICE), answers(), **loaded(), proof=proof).status_code == 200
    )


@pytest.mark.parametrize("proof", ["", "x", "e30=", "bm8=", "A" * 5000])
def test_what_is_no_solution_is_none(client_for, small, proof):
    use_up(client_for)
    client = client_for(REMOTE_ADDR=OFFICE)
    assert post(client, answers(), **loaded(), proof=proof).status_code == 200


def test_without_javascript_a_mailed_code_is_the_step(
    client_for, small, django_capture_on_commit_callbacks
):
    use_up(client_for)
    client, form = client_for(REMOTE_ADDR=OFFICE), {**answers(), **loaded()}
    assert "Mail me a code instead" in post(client, form).content.decode()
    mail.outbox.clear()
    with django_capture_on_commit_callbacks(execute=True):
        page = post(client, form, instead="code").content.decode()
    assert 'name="code"' in page
    [message] = mail.outbox
    code = re.search(r"^\s*(\S{4}-\S{4})\s*$", message.body, re.M)[1]
    assert post(client, form, code="AAAA-AAAA").status_code == 200
    assert post(client, form, code=code).status_code == 302
    assert made(form) is not None
    again = {**answers(email=form["email"]), **loaded()}
    assert post(client_for(REMOTE_ADDR=OFFICE), again, code=code).status_code == 200


def test_codes_to_sign_up_are_mailed_a_few_times_at_most(
    client_for, small, django_capture_on_commit_callbacks
):
    use_up(client_for)
    mail.outbox.clear()
    form = answers()
    with django_capture_on_commit_callbacks(execute=True):
        for _ in range(8):
            post(client_for(REMOTE_ADDR=OFFICE), form, **loaded(), instead="code")
    assert len(mail.outbox) == 3


def test_a_code_to_sign_up_signs_nobody_in(client_for, people, small):
    from identity.models import MailedCode
    from identity.proofs import mailed_codes

    mailed_codes.send(people.acme_owner.email, template="account/email/signup_code")
    client = client_for()
    client.post("/login/code/", {"email": people.acme_owner.email})
    code = MailedCode.objects.get(purpose="sign-up").code
    client.post("/login/code/confirm/", {"code": code})
    assert "/login/" in client.get("/go/")["Location"]


def test_who_came_an_hour_ago_sees_no_step(client_for, small):
    use_up(client_for)
    client = client_for(REMOTE_ADDR=OFFICE)
    client.get(SIGNUP)
    fresh = client.cookies[admission.CAME_BEFORE_COOKIE].value
    assert post(client, answers(), **loaded()).status_code == 200  # that was just now
    from django.core import signing

    when, name = signing.loads(fresh, salt="tenants.admission.came")
    client.cookies[admission.CAME_BEFORE_COOKIE] = signing.dumps(
        [when - 3700, name], salt="tenants.admission.came"
    )
    assert post(client, answers(), **loaded()).status_code == 302


def test_one_browser_that_came_before_is_not_good_for_any_number(client_for, small):
    from django.core import signing

    old = signing.dumps([int(time.time()) - 7200, "one"], salt="tenants.admission.came")
    for expected in (302, 302, 200):
        client = client_for(REMOTE_ADDR=OFFICE)
        client.cookies[admission.CAME_BEFORE_COOKIE] = old
        assert post(client, answers()).status_code == expected


def test_who_holds_a_signed_link_sees_no_step(client_for, small):
    use_up(client_for)
    link = admission.link_token("spring-fair", days=3)
    page = client_for().get(f"{SIGNUP}?via={link}").content.decode()
    assert f'name="via" value="{link}"' in page
    form = answers()
    assert post(client_for(REMOTE_ADDR=OFFICE), form, via=link).status_code == 302
    assert not made(form).held
    late = admission.link_token("spring-fair", days=-1)
    assert post(client_for(REMOTE_ADDR=OFFICE), answers(), **loaded(), via=late).status_code == 200


def test_a_form_that_came_back_faster_than_anybody_types_was_not_filled_in_by_a_person(client_for):
    token = str(uuid4())
    form = {**answers(), "token": token, "seen": admission.form_token(token)}
    assert client_for().post(SIGNUP, form).status_code == 302
    assert made(form).held


def test_the_mark_of_one_form_is_good_for_no_other(client_for):
    form = {**answers(), **loaded(), "token": str(uuid4())}
    assert client_for().post(SIGNUP, form).status_code == 302
    assert made(form).held


def test_the_form_of_the_page_is_one_that_counts(client_for, settings):
    settings.SIGNUP_FORM_SECONDS = 0
    page = client_for().get(SIGNUP).content.decode()
    hidden = dict(re.findall(r'name="(token|seen)" value="([^"]+)"', page))
    form = {**answers(), **hidden}
    assert client_for().post(SIGNUP, form).status_code == 302
    assert not made(form).held


@pytest.fixture
def held(client_for):
    """A browser that posted without loading, and its workspace."""
    client, form = client_for(), answers()
    assert post(client, form).status_code == 302
    return client, made(form)


def test_a_held_workspace_gets_into_line_when_its_owner_opens_it(client_for, held):
    _, tenant = held
    assert preparing.progress(tenant) is None
    owner = User.objects.get(memberships__tenant=tenant)
    answer = client_for(owner, tenant).get("/")
    assert answer.status_code == 202
    preparing.prepare_all()
    tenant.refresh_from_db()
    assert (tenant.status, tenant.held) == (Status.ACTIVE, False)
    assert schema_exists(tenant.schema_name)
    assert client_for(owner, tenant).get("/").status_code == 200


def test_a_held_workspace_is_not_opened_by_strangers(client_for, held, people):
    _, tenant = held
    assert client_for(None, tenant).get("/").status_code == 302
    assert client_for(people.outsider, tenant).get("/").status_code == 404
    tenant.refresh_from_db()
    assert tenant.held


def test_a_held_workspace_gets_into_line_when_the_address_is_proved(held):
    owner, tenant = held
    address = EmailAddress.objects.get(user__memberships__tenant=tenant)
    owner.post(f"/confirm-email/{EmailConfirmationHMAC(address).key}/")
    tenant.refresh_from_db()
    assert not tenant.held


def test_behind_an_undeclared_proxy_sixty_people_sign_up_without_a_step(client_for):
    for _ in range(60):
        client = client_for(REMOTE_ADDR="10.0.0.3", **{UNKNOWN: True})
        assert post(client, answers(), **loaded()).status_code == 302


def test_without_redis_every_process_counts_for_itself(client_for, settings):
    from events.limits import buckets

    settings.REDIS_URL = NOBODY_LISTENS
    settings.SIGNUPS_BY_ADDRESS = "2/h"
    address = f"203.0.113.{uuid4().int % 250}"
    try:
        use_up(client_for, address=address)
        assert post(client_for(REMOTE_ADDR=address), answers(), **loaded()).status_code == 200
    finally:
        buckets._redis_circuit.succeeded()


def test_the_way_of_most_costs_one_question_to_redis_and_none_to_the_database(
    client_for, monkeypatch, rf
):
    from events.limits import buckets

    asked = []
    ask = buckets._call
    monkeypatch.setattr(buckets, "_call", lambda *said: asked.append(said) or ask(*said))
    request = rf.post(SIGNUP, REMOTE_ADDR=OFFICE)
    with CaptureQueriesContext(connection) as queries:
        admitted = admission.decide(request, {"email": "a@example.org", **loaded()})
    assert not admitted.asks
    assert not queries.captured_queries
    assert len(asked) == 1
