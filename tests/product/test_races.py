"""Somebody else is faster: between finding a row and changing it, it is gone. An answer, not an error."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from product import files, links
from product.models import File, Link


@pytest.fixture
def meanwhile(monkeypatch):
    """`meanwhile("create_link", work)`: `work` is done after the row was found, before it is used."""

    def just_before(name: str, work: Callable[[], Any]) -> None:
        real = getattr(links, name)

        def later(*args: Any, **said: Any) -> Any:
            work()
            return real(*args, **said)

        monkeypatch.setattr(links, name, later)

    return just_before


def test_a_link_that_is_deleted_while_it_is_changed_is_not_found(api, acme, make_link, meanwhile):
    link = make_link()
    meanwhile("change_target", lambda: links.delete_link(acme, link, person_id=None))
    response = api.patch(f"/links/{link.id}", {"title": "New"})
    assert response.status_code == 404
    assert response["Content-Type"].startswith("application/problem+json")


def test_the_page_of_a_link_that_is_deleted_while_it_is_changed_is_not_found(
    member, acme, make_link, meanwhile
):
    link = make_link()
    meanwhile("change_target", lambda: links.delete_link(acme, link, person_id=None))
    said = {"target_url": "https://example.com/new", "title": "New"}
    assert member.post(f"/links/{link.id}/edit/", said).status_code == 404


def test_a_link_to_a_file_that_is_deleted_meanwhile_is_refused_in_words(
    api, acme, make_file, meanwhile, used, in_acme
):
    file = make_file()
    before = used("links")
    meanwhile("create_link", lambda: files.delete_file(acme, file, person_id=None))
    response = api.post("/links", {"file_id": str(file.id)})
    assert response.status_code == 422
    assert response.json()["errors"][0]["field"] == "file_id"
    assert used("links") == before
    with in_acme():
        assert not Link.objects.filter(file_id=file.id).exists()


def test_the_page_that_shares_a_file_that_is_deleted_meanwhile_is_not_found(
    member, acme, make_file, meanwhile
):
    file = make_file()
    meanwhile("create_link", lambda: files.delete_file(acme, file, person_id=None))
    assert member.post(f"/files/{file.id}/share/").status_code == 404


def test_a_file_that_is_deleted_twice_at_once_is_gone(
    api, acme, make_file, monkeypatch, used, in_acme
):
    file = make_file()
    real, before = files.delete_file, used("storage")

    def twice(*args: Any, **said: Any) -> None:
        real(*args, **said)
        real(*args, **said)

    monkeypatch.setattr(files, "delete_file", twice)
    assert api.delete(f"/files/{file.id}").status_code == 204
    assert used("storage") == before - file.size, "given back once"
    with in_acme():
        assert not File.objects.filter(pk=file.pk).exists()
