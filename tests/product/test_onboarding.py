"""The checklist of a new workspace: done is what the data says."""

from __future__ import annotations

import uuid

import pytest
from django_tenants.utils import tenant_context

from identity.models import PersonAlias
from identity.persons import person_of
from product.onboarding import checklist
from tenants.keys import api_keys
from tenants.models import Membership, Role


@pytest.fixture
def done(fresh, settle):
    """Which steps are done, by the first word of their titles."""

    def ask() -> list[str]:
        settle()
        with tenant_context(fresh):
            return [step.title.split()[0] for step in checklist(fresh).steps if step.done]

    return ask


def test_samples_count_for_nothing(done):
    assert done() == []


def test_the_first_open_step_is_the_current_one(fresh, make_link, people):
    make_link(fresh, by=people.outsider)
    with tenant_context(fresh):
        current = [step.title for step in checklist(fresh).steps if step.current]
    assert current == ["Get a click from someone else"]


def test_a_click_of_the_owners_own_browser_is_not_yet_someone_else(
    fresh, people, client_for, make_link, done
):
    own = uuid.uuid4()
    PersonAlias.objects.create(anonymous_id=own, person=person_of(people.outsider))
    link = make_link(fresh, by=people.outsider)
    owner = client_for(None, fresh)
    owner.cookies["plg_aid"] = str(own)
    owner.get(f"/{link.code}")
    assert done() == ["Create"]
    client_for(None, fresh).get(f"/{link.code}")
    assert done() == ["Create", "Get"]


def test_an_uploaded_file_is_shared_once_it_has_a_link(fresh, people, make_file, make_link, done):
    file = make_file(tenant=fresh)
    assert done() == []
    make_link(fresh, by=people.outsider, file=file)
    assert done() == ["Create", "Share"]


def test_a_colleague_and_a_key_complete_the_list(
    fresh, people, client_for, make_file, make_link, done
):
    link = make_link(fresh, by=people.outsider, file=make_file(tenant=fresh))
    client_for(None, fresh).get(f"/{link.code}")
    Membership.objects.create(tenant=fresh, user=people.acme_member, role=Role.MEMBER)
    owner = client_for(people.outsider, fresh)
    assert "First steps" in owner.get("/").content.decode()
    api_keys.create(fresh, name="first", user=people.outsider)
    assert done() == ["Create", "Get", "Share", "Invite", "Create"]
    assert "4 of 5" not in owner.get("/").content.decode()
    assert "First steps" not in owner.get("/").content.decode()


def test_the_home_page_of_a_fresh_workspace_shows_the_way(fresh, people, client_for):
    page = client_for(people.outsider, fresh).get("/").content.decode()
    for words in ("0 of 5 done", "Invite a colleague", "Create an API key", "/sample"):
        assert words in page
