from __future__ import annotations

import re
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth.models import Group
from django.core import mail
from django.test import Client

from cms.editing.editors import GROUP
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


@pytest.fixture
def edda(
    administrator: User,
    client_for: Callable[..., Client],
    django_capture_on_commit_callbacks: Callable[..., Any],
) -> User:
    """Invited by an administrator, with the mail in her inbox."""
    form = {"email": "Ed@Example.com", "name": "Edda Ito", "groups": [_editors().pk]}
    with django_capture_on_commit_callbacks(execute=True):
        assert client_for(administrator).post("/cms/users/new/", form).status_code == 302
    return User.objects.get(email="ed@example.com")


def _editors() -> Group:
    return Group.objects.get(name=GROUP)


def _mailed_link() -> str:
    found = re.search(r"https?://[^/]+(/confirm-email/\S+)", mail.outbox[-1].body)
    assert found is not None
    return found[1]


def test_an_invited_editor_may_edit_once_the_mailed_link_is_opened(
    edda: User, client_for: Callable[..., Client]
) -> None:
    assert (edda.name, edda.has_usable_password()) == ("Edda Ito", False)
    assert mail.outbox[-1].to == ["ed@example.com"]
    assert "invited to look after the website" in mail.outbox[-1].body
    assert client_for(edda).get("/cms/").status_code == 302
    client_for().post(_mailed_link())
    assert client_for(User.objects.get(pk=edda.pk)).get("/cms/").status_code == 200


def test_who_squats_on_an_editors_address_gets_nothing(
    administrator: User,
    client_for: Callable[..., Client],
    django_capture_on_commit_callbacks: Callable[..., Any],
) -> None:
    """The stranger signed up with it, and knows the password."""
    squatter = User.objects.create_user("ed@example.com", "correct horse", name="Not Edda")
    EmailAddress.objects.create(user=squatter, email=squatter.email, primary=True)
    stranger = client_for(squatter)
    form = {"email": "ed@example.com", "name": "Edda Ito", "groups": [_editors().pk]}
    with django_capture_on_commit_callbacks(execute=True):
        client_for(administrator).post("/cms/users/new/", form)
    client_for().post(_mailed_link())
    assert stranger.get("/cms/").status_code == 302
    assert not squatter.groups.exists()


def test_who_has_a_proved_address_is_not_invited_but_found_in_the_list(
    administrator: User, people: SimpleNamespace, client_for: Callable[..., Client]
) -> None:
    client = client_for(administrator)
    form = {"email": people.outsider.email, "name": "Otto", "groups": [_editors().pk]}
    refused = client.post("/cms/users/new/", form)
    assert refused.status_code == 200
    assert "They have an account here" in refused.content.decode()
    said = {"name": "Otto", "is_active": "on", "groups": [_editors().pk]}
    client.post(f"/cms/users/edit/{people.outsider.pk}/", said)
    assert client_for(people.outsider).get("/cms/").status_code == 200


def test_nobody_is_invited_twice(
    edda: User, administrator: User, client_for: Callable[..., Client]
) -> None:
    form = {"email": "ed@example.com", "name": "Edda", "groups": [_editors().pk]}
    refused = client_for(administrator).post("/cms/users/new/", form)
    assert "invited already" in refused.content.decode()


@pytest.mark.parametrize("right", ["groups", "is_superuser"])
def test_an_unverified_user_is_given_no_rights(
    administrator: User, client_for: Callable[..., Client], right: str
) -> None:
    user = User.objects.create_user("nobody@example.org", "correct horse", name="Nobody")
    given = {"groups": [_editors().pk]} if right == "groups" else {"is_superuser": "on"}
    form = {"name": "Nobody", "is_active": "on", **given}
    refused = client_for(administrator).post(f"/cms/users/edit/{user.pk}/", form)
    assert "not verified their address" in refused.content.decode()
    user.refresh_from_db()
    assert not user.is_superuser
    assert not user.groups.exists()


def test_an_unverified_user_is_given_no_role_with_many_others(
    administrator: User, people: SimpleNamespace, client_for: Callable[..., Client]
) -> None:
    user = User.objects.create_user("nobody@example.org", "correct horse", name="Nobody")
    path = f"/cms/bulk/identity/user/assign_role/?id={user.pk}&id={people.outsider.pk}"
    client_for(administrator).post(path, {"role": _editors().pk})
    assert not user.groups.exists()
    client_for(administrator).post(
        f"/cms/bulk/identity/user/assign_role/?id={people.outsider.pk}", {"role": _editors().pk}
    )
    assert people.outsider.groups.exists()


@pytest.mark.parametrize("right", ["groups", "is_superuser"])
def test_rights_end_while_the_address_is_not_verified(
    site: SimpleNamespace, editor: User, client_for: Callable[..., Client], right: str
) -> None:
    if right == "is_superuser":
        editor.groups.clear()
        User.objects.filter(pk=editor.pk).update(is_superuser=True)
    client = client_for(editor)
    assert client.get("/cms/").status_code == 200
    EmailAddress.objects.filter(user=editor).update(verified=False)
    answer = client.get("/cms/", follow=True)
    assert answer.status_code == 403
    assert "not verified yet" in answer.content.decode()


def test_who_may_not_edit_is_told_so_instead_of_being_sent_around(
    site: SimpleNamespace, people: SimpleNamespace, client_for: Callable[..., Client]
) -> None:
    answer = client_for(people.outsider).get("/cms/", follow=True)
    assert answer.status_code == 403
    assert people.outsider.email in answer.content.decode()


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
