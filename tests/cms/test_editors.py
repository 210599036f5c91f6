from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace

import pytest
from django.contrib.auth.models import Group
from django.test import Client

from cms.editors import GROUP
from identity.models import User


def test_a_visitor_is_sent_to_the_one_sign_in(visitor: Client, site: SimpleNamespace) -> None:
    assert visitor.get("/cms/")["Location"].endswith("/login/?next=/cms/")
    assert visitor.get("/cms/login/")["Location"].endswith("/login/?next=/cms/")
    assert visitor.get("/_util/login/?next=/privacy/")["Location"].endswith("?next=/privacy/")


def test_who_has_no_right_to_edit_does_not_get_in(
    site: SimpleNamespace, people: SimpleNamespace, client_for: Callable[..., Client]
) -> None:
    for person in (people.outsider, people.acme_owner):
        client = client_for(person)
        for path in ("/cms/", f"/cms/pages/{site.home.pk}/edit/", "/cms/users/"):
            assert client.get(path).status_code == 302


def test_an_editor_edits_pages_but_not_people(
    site: SimpleNamespace, editor: User, client_for: Callable[..., Client]
) -> None:
    client = client_for(editor)
    assert client.get("/cms/").status_code == 200
    edit = client.get(f"/cms/pages/{site.home.pk}/edit/")
    assert edit.status_code == 200
    assert "action-publish" in edit.content.decode()
    assert client.get("/cms/images/").status_code == 200
    assert client.get("/cms/users/").status_code == 302
    assert client.get("/cms/sites/").status_code == 302


def test_an_editor_sees_a_preview_of_what_is_not_published(
    site: SimpleNamespace, editor: User, client_for: Callable[..., Client]
) -> None:
    site.privacy.title = "Privacy in draft"
    site.privacy.save_revision()
    preview = client_for(editor).get(f"/cms/pages/{site.privacy.pk}/view_draft/")
    assert preview.status_code == 200
    assert b"Privacy in draft" in preview.content


def test_only_the_editors_pages_may_run_inline_scripts(
    site: SimpleNamespace, editor: User, client_for: Callable[..., Client]
) -> None:
    client = client_for(editor)
    assert "'unsafe-inline'" in client.get("/cms/")["Content-Security-Policy"]
    assert "'unsafe-inline'" not in client.get("/")["Content-Security-Policy"]


@pytest.fixture
def administrator(site: SimpleNamespace, people: SimpleNamespace) -> User:
    people.globex_member.is_superuser = True
    people.globex_member.save()
    return people.globex_member


def test_an_administrator_makes_an_editor_who_has_no_username(
    administrator: User, client_for: Callable[..., Client]
) -> None:
    client = client_for(administrator)
    group = Group.objects.get(name=GROUP)
    made = client.post(
        "/cms/users/new/", {"email": "ed@example.com", "name": "Edda Ito", "groups": [group.pk]}
    )
    assert made.status_code == 302
    edda = User.objects.get(email="ed@example.com")
    assert (edda.name, edda.has_usable_password()) == ("Edda Ito", False)
    assert client_for(edda).get("/cms/").status_code == 200


def test_an_administrator_renames_a_person_but_not_their_address(
    administrator: User, people: SimpleNamespace, client_for: Callable[..., Client]
) -> None:
    person = people.outsider
    client = client_for(administrator)
    assert client.get("/cms/users/").status_code == 200
    changed = client.post(
        f"/cms/users/edit/{person.pk}/",
        {"email": "stolen@example.com", "name": "Otto O.", "is_active": "on"},
    )
    assert changed.status_code == 302
    person.refresh_from_db()
    assert (person.name, person.email) == ("Otto O.", "outsider@example.com")
    assert person.has_usable_password()


def test_an_editors_account_page_leaves_address_and_password_alone(
    editor: User, client_for: Callable[..., Client]
) -> None:
    page = client_for(editor).get("/cms/account/").content.decode()
    assert 'name="name_email-name"' in page
    assert 'type="password"' not in page
    assert 'type="email"' not in page
