"""Nobody from outside sees anything, and no workspace sees another."""

from __future__ import annotations

import pytest

PAGES = ["/", "/links/", "/links/new/", "/files/", "/api/docs"]


@pytest.mark.parametrize("path", PAGES)
def test_an_outsider_finds_no_page(client_for, outsider, acme, path):
    assert client_for(outsider, acme).get(path).status_code == 404


@pytest.mark.parametrize("path", PAGES)
def test_the_owner_of_another_workspace_finds_no_page(client_for, people, acme, path):
    assert client_for(people.globex_owner, acme).get(path).status_code == 404


def test_an_outsider_can_change_nothing(client_for, outsider, acme, make_link, make_file, visitor):
    link, file = make_link(code="mine"), make_file()
    client = client_for(outsider, acme)
    for path in (
        "/links/new/",
        f"/links/{link.id}/edit/",
        f"/links/{link.id}/delete/",
        "/files/",
        f"/files/{file.id}/share/",
        f"/files/{file.id}/delete/",
    ):
        assert client.post(path, {"target_url": "https://evil.example/"}).status_code == 404
    assert visitor.get("/mine")["Location"] == "https://example.com/"


def test_a_link_and_file_of_one_workspace_do_not_exist_in_another(
    client_for, people, globex, make_link, make_file
):
    link, file = make_link(), make_file()
    client = client_for(people.globex_owner, globex)
    for path in (f"/links/{link.id}/", f"/links/{link.id}/edit/", f"/files/{file.id}/download/"):
        assert client.get(path).status_code == 404
    for path in (
        f"/links/{link.id}/delete/",
        f"/files/{file.id}/delete/",
        f"/files/{file.id}/share/",
    ):
        assert client.post(path).status_code == 404


def test_an_outsider_may_follow_a_short_link_like_anybody(client_for, outsider, acme, make_link):
    link = make_link()
    assert client_for(outsider, acme).get(f"/{link.code}").status_code == 302
