"""Making, finding, changing and deleting links in the browser."""

from __future__ import annotations

import pytest

from product.models import Link

TARGET = "https://example.com/long"


def test_a_link_is_made_and_shown_with_its_full_address(member, acme, in_acme):
    response = member.post(
        "/links/new/", {"target_url": TARGET, "title": "Campaign", "code": "go-there"}, follow=True
    )
    page = response.content.decode()
    assert response.status_code == 200
    assert "Campaign" in page
    assert "/go-there" in page
    with in_acme():
        assert Link.objects.get(code="go-there").target_url == TARGET


def test_an_address_without_a_scheme_is_read_as_https(member, in_acme):
    member.post("/links/new/", {"target_url": "example.com/page", "code": "plain"})
    with in_acme():
        assert Link.objects.get(code="plain").target_url == "https://example.com/page"


@pytest.mark.parametrize("target", ["javascript:alert(1)", "", "nonsense", "https://a b/"])
def test_a_bad_target_is_refused_in_words_and_the_form_keeps_what_was_typed(
    member, in_acme, target
):
    with in_acme():
        before = Link.objects.count()
    response = member.post("/links/new/", {"target_url": target, "title": "My campaign"})
    assert response.status_code == 422
    assert "field__error" in response.content.decode()
    assert "My campaign" in response.content.decode()
    with in_acme():
        assert Link.objects.count() == before


def test_a_code_that_is_in_use_is_refused_by_name(member, make_link):
    make_link(code="taken")
    response = member.post("/links/new/", {"target_url": TARGET, "code": "taken"})
    assert response.status_code == 409
    assert "“taken” is in use" in response.content.decode()


def test_both_workspaces_may_have_the_same_code(make_link, acme, globex, people):
    make_link(code="same")
    assert make_link(globex, by=people.globex_owner, code="same").code == "same"


def test_a_refused_code_takes_no_place(member, make_link, used):
    make_link(code="taken")
    before = used("links")
    member.post("/links/new/", {"target_url": TARGET, "code": "taken"})
    assert used("links") == before


def test_htmx_gets_the_form_back_with_the_new_link_and_what_changed_around_it(member):
    response = member.post(
        "/links/new/", {"target_url": TARGET, "code": "quick"}, headers={"HX-Request": "true"}
    )
    page = response.content.decode()
    assert "<html" not in page
    assert "/quick" in page
    assert page.count('hx-swap-oob="true"') == 2
    assert page.index('id="home-live"') < page.index('id="recent-links"')
    assert page.index('id="home-live"') < page.index('id="first-steps"')


def test_htmx_gets_a_refusal_as_the_form_alone(member):
    response = member.post(
        "/links/new/", {"target_url": "javascript:x"}, headers={"HX-Request": "true"}
    )
    assert response.status_code == 422
    assert "<html" not in response.content.decode()


def test_the_list_is_searched_by_code_title_target_and_file(member, make_link, make_file):
    make_link(code="alpha")
    make_link(code="second", title="Beta launch")
    make_link(code="third", target_url="https://gamma.example/")
    make_link(code="fourth", file=make_file(name="delta.txt"))
    for words, code in {
        "alph": "alpha",
        "beta": "second",
        "gamma": "third",
        "delta": "fourth",
    }.items():
        page = member.get("/links/", {"q": words}).content.decode()
        assert f">/{code}<" in page
        assert page.count('class="table__main"') == 1


def test_search_says_when_nothing_is_found(member):
    assert "Nothing found" in member.get("/links/", {"q": "zzz"}).content.decode()


@pytest.mark.parametrize("words", ["%", "'; DROP TABLE product_link; --", "x" * 5_000, "😀"])
def test_strange_words_are_searched_for_like_any(member, words):
    assert member.get("/links/", {"q": words}).status_code == 200


def test_percent_and_underscore_are_ordinary_characters_of_a_search(member, make_link):
    make_link(code="alpha")
    assert "Nothing found" in member.get("/links/", {"q": "%%"}).content.decode()


def test_the_list_has_pages(member, make_link):
    for n in range(25):
        make_link(code=f"numbered-{n}")
    first = member.get("/links/").content.decode()
    second = member.get("/links/", {"page": 2}).content.decode()
    assert first.count('class="table__main"') == 20
    assert "numbered-0<" not in first
    assert "numbered-0<" in second
    assert member.get("/links/", {"page": "nonsense"}).status_code == 200


def test_the_next_page_of_a_search_keeps_the_search(member, make_link):
    for n in range(25):
        make_link(code=f"numbered-{n}")
    page = member.get("/links/", {"q": "numbered"}).content.decode()
    assert "page=2" in page
    assert "q=numbered" in page


def test_a_link_is_led_elsewhere_and_keeps_its_code(member, visitor, make_link):
    link = make_link(code="stays")
    member.post(
        f"/links/{link.id}/edit/", {"target_url": "https://example.com/new", "title": "New"}
    )
    assert visitor.get("/stays")["Location"] == "https://example.com/new"


def test_a_bad_new_target_changes_nothing(member, visitor, make_link):
    link = make_link(code="stays")
    response = member.post(f"/links/{link.id}/edit/", {"target_url": "javascript:x", "title": ""})
    assert response.status_code == 422
    assert visitor.get("/stays")["Location"] == "https://example.com/"


def test_a_files_link_keeps_its_file(member, make_link, make_file, in_acme):
    link = make_link(file=make_file())
    member.post(f"/links/{link.id}/edit/", {"target_url": "https://example.com/", "title": "Named"})
    with in_acme():
        link.refresh_from_db()
    assert (link.title, link.target_url) == ("Named", "")


def test_deleting_frees_a_place_once_even_when_clicked_twice(member, make_link, used):
    before = used("links")
    link = make_link()
    assert used("links") == before + 1
    assert member.post(f"/links/{link.id}/delete/").status_code == 302
    assert member.post(f"/links/{link.id}/delete/").status_code == 404
    assert used("links") == before


def test_deleting_a_sample_frees_nothing(member, used, in_acme):
    before = used("links")
    with in_acme():
        sample = Link.objects.filter(is_sample=True).first()
    assert member.post(f"/links/{sample.id}/delete/").status_code == 302
    assert used("links") == before


def test_a_get_deletes_nothing(member, make_link):
    link = make_link()
    assert member.get(f"/links/{link.id}/delete/").status_code == 405


def test_what_people_type_is_shown_as_text(member, make_link):
    make_link(code="evil", title="<script>alert(1)</script>")
    for path in ("/", "/links/"):
        page = member.get(path).content.decode()
        assert "<script>alert(1)" not in page
        assert "&lt;script&gt;alert(1)" in page


def test_the_pages_of_a_link_show_its_clicks_by_day_and_by_hour(member, visitor, make_link, settle):
    link = make_link(code="counted")
    visitor.get("/counted")
    settle()
    for by in ("days", "hours", "nonsense"):
        page = member.get(f"/links/{link.id}/", {"by": by}).content.decode()
        assert "chart__bars" in page


def test_without_the_event_store_the_pages_say_so_and_work(member, make_link, settings):
    link = make_link()
    settings.EVENTS_DATABASE_URL = "postgres://nobody@127.0.0.1:1/none"
    page = member.get(f"/links/{link.id}/").content.decode()
    assert "cannot be read right now" in page
    for path in ("/", "/links/", "/files/"):
        assert member.get(path).status_code == 200
