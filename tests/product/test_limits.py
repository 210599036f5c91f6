"""At a limit: words, the reason, the way on; and everything that exists keeps working."""

from __future__ import annotations

import concurrent.futures

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from metering.quotas.quota import QuotaExceeded
from product.models import File, Link

TARGET = "https://example.com/long"


def test_the_last_free_place_can_be_used(member, leave):
    leave(links=1)
    assert member.post("/links/new/", {"target_url": TARGET}).status_code == 302
    assert member.post("/links/new/", {"target_url": TARGET}).status_code == 402


def test_the_form_says_why_what_still_works_and_where_to_upgrade(member, make_link, leave, in_acme):
    make_link()
    leave(links=0)
    with in_acme():
        before = Link.objects.count()
    response = member.post(
        "/links/new/", {"target_url": TARGET, "title": "One too many", "code": "abc"}
    )
    page = response.content.decode()
    assert response.status_code == 402
    assert "links of its plan" in page
    assert "keeps working" in page
    assert 'href="/billing/"' in page
    assert "One too many" in page
    assert TARGET in page
    with in_acme():
        assert Link.objects.count() == before


def test_the_quick_form_says_it_too(member, make_link, leave):
    make_link()
    leave(links=0)
    response = member.post(
        "/links/new/", {"target_url": TARGET, "code": "kept"}, headers={"HX-Request": "true"}
    )
    assert response.status_code == 402
    assert "links of its plan" in response.content.decode()
    assert 'value="kept"' in response.content.decode()


def test_at_the_limit_links_redirect_can_be_read_edited_and_deleted(
    member, visitor, make_link, leave
):
    link = make_link(code="exists")
    leave(links=0)
    assert visitor.get("/exists").status_code == 302
    assert member.get("/links/").status_code == 200
    changed = {"target_url": "https://example.com/elsewhere", "title": ""}
    assert member.post(f"/links/{link.id}/edit/", changed).status_code == 302
    assert member.post(f"/links/{link.id}/delete/").status_code == 302


def test_a_deleted_link_makes_room(member, make_link, leave, django_capture_on_commit_callbacks):
    link = make_link()
    leave(links=0)
    with django_capture_on_commit_callbacks(execute=True):
        member.post(f"/links/{link.id}/delete/")
    assert member.post("/links/new/", {"target_url": TARGET}).status_code == 302


def test_a_failed_insert_gives_its_place_back(member, make_link, leave):
    make_link(code="taken")
    leave(links=1)
    assert member.post("/links/new/", {"target_url": TARGET, "code": "taken"}).status_code == 409
    assert member.post("/links/new/", {"target_url": TARGET}).status_code == 302


def test_a_file_that_does_not_fit_is_refused_and_nothing_is_stored(member, leave, in_acme, uploads):
    leave(storage=1_000)
    before = uploads()
    upload = SimpleUploadedFile("big.bin", b"x" * 1_001)
    response = member.post("/files/", {"file": upload})
    page = response.content.decode()
    assert response.status_code == 402
    assert "of storage of its plan" in page
    assert 'href="/billing/"' in page
    assert uploads() == before
    with in_acme():
        assert not File.objects.filter(name="big.bin").exists()


def test_a_file_that_just_fits_is_stored(member, leave):
    leave(storage=1_000)
    upload = SimpleUploadedFile("fits.bin", b"x" * 1_000)
    assert member.post("/files/", {"file": upload}).status_code == 302


def test_sharing_at_the_limit_of_links_is_refused_and_the_file_stays(
    member, make_file, make_link, leave, in_acme
):
    file = make_file()
    make_link()
    leave(links=0)
    response = member.post(f"/files/{file.id}/share/")
    assert response.status_code == 402
    assert "links of its plan" in response.content.decode()
    with in_acme():
        assert File.objects.filter(pk=file.pk).exists()


def test_the_home_page_warns_when_something_is_used_up(member, make_link, leave, settle, used):
    make_link()
    settle()
    leave(links=0)
    page = member.get("/").content.decode()
    assert "Your workspace has used all" in page


def test_the_limit_holds_when_many_ask_at_once(acme, make_link, leave):
    """The counter decides, not the rows: ten at once for three places."""
    from metering.quotas import quota

    leave(links=3)

    def ask(_: int) -> bool:
        try:
            quota.consume(acme, "links")
        except QuotaExceeded:
            return False
        return True

    with concurrent.futures.ThreadPoolExecutor(10) as pool:
        assert sum(pool.map(ask, range(10))) == 3


@pytest.mark.parametrize("meter", ["links", "storage"])
def test_every_refusal_has_its_own_words_on_what_still_works(meter):
    from metering.quotas.decision import Decision
    from product.limits import limit_reached

    words = limit_reached(Decision(meter, limit=10, used=10, allowed=False))
    assert words.reason
    assert words.what_still_works
