"""What somebody came for decides what their workspace starts with."""

from __future__ import annotations

from uuid import uuid4

import pytest

from tenants import checks
from tenants.models import Tenant
from tenants.pool import templates
from tenants.pool.templates import Intent, Template
from tests.tenants.signing_up.form import loaded

SIGNUP = "/signup/"


def nothing() -> None:
    """Furnishes nothing."""


@pytest.mark.parametrize(
    ("intent", "name"),
    [
        (Intent(), "standard"),
        (Intent(plan="business"), "campaign"),
        (Intent(plan="pro"), "standard"),
        (Intent(event="campaign-workshop"), "campaign"),
        (Intent(event="another-event"), "standard"),
        (Intent(answer="files"), "files"),
        (Intent(answer="nonsense"), "standard"),
        (Intent(plan="business", answer="files"), "files"),
        (Intent(event="campaign-workshop", answer="standard"), "standard"),
    ],
)
def test_an_answer_counts_before_an_event_and_an_event_before_a_plan(intent, name):
    assert templates.choose(intent).name == name


@pytest.fixture
def product(monkeypatch):
    """Another product's list of templates."""

    def lists(*found: Template, question: str = "") -> None:
        import product.templates

        monkeypatch.setattr(product.templates, "TEMPLATES", found)
        monkeypatch.setattr(product.templates, "QUESTION", question)

    return lists


@pytest.mark.parametrize(
    ("names", "words"),
    [
        ([], "is empty"),
        (["one", "one"], "name of its own"),
        (["empty"], "none is called 'empty'"),
        (["x" * 41], "1 to 40 characters"),
    ],
)
def test_a_list_that_contradicts_itself_is_found_at_start_up(product, names, words):
    product(*(Template(name, furnish=nothing) for name in names))
    [error] = checks.check_templates()
    assert error.id == "tenants.E001"
    assert words in error.msg


def test_the_products_own_list_is_in_order():
    assert checks.check_templates() == []


def test_a_product_without_answers_asks_nothing(product, client_for):
    product(Template("only", furnish=nothing), question="Why?")
    assert templates.question() == ""
    assert "Why?" not in client_for().get(SIGNUP).content.decode()


def sign_up(client, **more: str) -> Tenant:
    slug = f"for-{uuid4().hex[:6]}"
    form = {"name": "Nora", "email": f"{slug}@example.org", "workspace_name": slug, "slug": slug}
    assert client.post(SIGNUP, {**form, **loaded(), **more}).status_code == 302
    return Tenant.objects.get(slug=slug)


def test_the_form_asks_one_question_that_nobody_has_to_answer(client_for):
    page = client_for().get(SIGNUP).content.decode()
    assert "What will you use Signpost for first?" in page
    assert "Files for customers" in page
    assert sign_up(client_for()).template == "standard"


def test_the_answer_decides(client_for):
    assert sign_up(client_for(), answer="files").template == "files"


def test_an_answer_that_is_no_longer_one_is_no_error(client_for):
    assert sign_up(client_for(), answer="of an old page").template == "standard"


def test_the_event_of_the_link_is_handed_on(client_for):
    page = client_for().get(f"{SIGNUP}?event=campaign-workshop").content.decode()
    assert 'name="event" value="campaign-workshop"' in page
    assert sign_up(client_for(), event="campaign-workshop").template == "campaign"


def test_the_plan_of_the_price_list_decides_when_nothing_else_is_said(client_for):
    assert sign_up(client_for(), plan="business").template == "campaign"
