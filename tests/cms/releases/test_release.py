from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

from wagtail.models import PageViewRestriction

from cms.models import ArticlePage, ContentPage
from cms.releases import release, shelf

EVERYTHING = {
    "",
    "pricing/",
    "blog/",
    "blog/links-that-last/",
    "blog/count-it-once/",
    "blog/moving-your-links/",
    "privacy/",
    "terms/",
    "sitemap.xml",
    "robots.txt",
    "feed.xml",
    "404.html",
}


def contents(built: shelf.Release) -> dict[str, bytes]:
    return {path: built.read(entry)[0] for path, entry in built.entries.items()}


def test_a_release_holds_every_public_page_and_what_stands_beside_them(
    built: shelf.Release,
) -> None:
    assert set(built.entries) == EVERYTHING
    assert b"hero__title" in contents(built)[""]


def test_a_build_without_changes_has_the_same_bytes_in_the_same_files(
    built: shelf.Release, inodes: Callable[[shelf.Release], dict[str, int]]
) -> None:
    again = release.build()
    assert again.id != built.id
    assert contents(again) == contents(built)
    assert inodes(again) == inodes(built)
    assert again.reused == len(EVERYTHING)


def test_publishing_an_article_rewrites_only_the_pages_that_show_it(
    site: SimpleNamespace,
    built: shelf.Release,
    publish: Callable[..., ArticlePage],
    inodes: Callable[[shelf.Release], dict[str, int]],
) -> None:
    publish(site.article, title="A link is a vow")
    after = shelf.current()
    assert after is not None
    before, now = inodes(built), inodes(after)
    rewritten = {path for path in now if now[path] != before[path]}
    assert rewritten == {
        "",
        "blog/",
        "blog/links-that-last/",
        "blog/count-it-once/",
        "blog/moving-your-links/",
        "feed.xml",
    }


def test_a_page_that_fails_keeps_its_last_copy_and_no_other_from_being_built(
    site: SimpleNamespace, built: shelf.Release, shelf_folder: Path, no_plans: None
) -> None:
    site.privacy.unpublish()
    site.home.add_child(instance=ContentPage(title="Imprint", slug="imprint", body="<p>We</p>"))
    after = release.build()
    assert shelf.current() == after != built
    assert "privacy/" not in after.entries
    assert "imprint/" in after.entries
    assert contents(after)["pricing/"] == contents(built)["pricing/"]
    assert [(failure.path, failure.why) for failure in after.failures] == [
        ("/pricing/", "/pricing/ answered 500 instead of 200.")
    ]
    assert not list(shelf_folder.glob(".building-*"))


def test_a_page_with_a_form_token_of_one_visitor_is_refused(
    built: shelf.Release, settings: SimpleNamespace, tmp_path: Path
) -> None:
    template = tmp_path / "templates/cms/content_page.html"
    template.parent.mkdir(parents=True)
    template.write_text("<form>{% csrf_token %}</form>")
    changed = {**settings.TEMPLATES[0]}
    changed["DIRS"] = [tmp_path / "templates", *changed["DIRS"]]
    settings.TEMPLATES = [changed]
    after = release.build()
    assert "belong to one visitor" in after.failures[0].why
    assert contents(after)["privacy/"] == contents(built)["privacy/"]


def test_rendered_pages_hold_nothing_of_a_visitor(built: shelf.Release) -> None:
    for content in contents(built).values():
        assert b"csrf" not in content.lower()
        assert b"sessionid" not in content


def test_drafts_and_private_pages_are_left_out(site: SimpleNamespace) -> None:
    draft = ContentPage(title="Draft", slug="draft", body="<p>soon</p>", live=False)
    site.home.add_child(instance=draft)
    PageViewRestriction.objects.create(
        page=site.privacy, restriction_type=PageViewRestriction.PASSWORD, password="secret"
    )
    entries = release.build().entries
    assert "draft/" not in entries
    assert "privacy/" not in entries


def test_a_draft_of_a_live_page_does_not_leak_into_the_release(
    site: SimpleNamespace, built: shelf.Release
) -> None:
    site.privacy.title = "Unpublished words"
    site.privacy.save_revision()
    assert contents(release.build()) == contents(built)


def test_a_page_that_is_hidden_from_search_is_built_but_not_in_the_sitemap(
    site: SimpleNamespace,
) -> None:
    site.privacy.hidden_from_search = True
    site.privacy.save()
    pages = contents(release.build())
    assert b"noindex" in pages["privacy/"]
    assert b"/privacy/" not in pages["sitemap.xml"]
    assert b"/terms/" in pages["sitemap.xml"]


def test_the_last_five_releases_are_kept(built: shelf.Release, shelf_folder: Path) -> None:
    ids = [release.build().id for _ in range(5)]
    kept = [path.name for path in shelf_folder.iterdir() if not path.is_symlink()]
    assert sorted(kept) == ids
    assert not built.folder.exists()


def test_what_a_killed_build_left_behind_is_cleared_by_the_next(
    built: shelf.Release, shelf_folder: Path
) -> None:
    half = shelf_folder / ".building-20200101"
    half.mkdir()
    (half / "index.html").write_text("half a page")
    (shelf_folder / ".building-20200101-current").symlink_to("nowhere")
    release.build()
    assert not list(shelf_folder.glob(".building-*"))


def test_a_wish_that_a_later_build_served_is_not_built_again(site: SimpleNamespace) -> None:
    first, second = release.ask(), release.ask()
    served = release.build(wish=second)
    assert release.build(wish=first) == served
    assert release.build(wish=second) == served


def test_a_wish_made_after_a_build_began_is_not_counted_as_served(site: SimpleNamespace) -> None:
    late: list[int] = []

    def ask_late(done: int, total: int, path: str) -> None:
        if done == 1:
            late.append(release.ask())

    earlier = release.build(progress=ask_late)
    assert release.build(wish=late[0]).id != earlier.id


def test_many_articles_are_spread_over_pages_that_are_all_built(site: SimpleNamespace) -> None:
    for number in range(12):
        site.blog.add_child(
            instance=ArticlePage(
                title=f"Note {number}", slug=f"note-{number}", author_name="A", summary="S"
            )
        )
    pages = contents(release.build())
    assert 'rel="next" href="/blog/page/2/"' in pages["blog/"].decode()
    assert 'rel="prev" href="/blog/"' in pages["blog/page/2/"].decode()
    assert pages["blog/page/2/"].count(b"post-card__text") == 3


def test_menu_and_footer_lead_to_what_editors_put_there(
    site: SimpleNamespace, built: shelf.Release, publish: Callable[..., ContentPage]
) -> None:
    before = contents(built)["blog/"].decode()
    assert '<li><a href="/privacy/">Privacy</a></li>' in before
    assert 'class="site-nav__link" href="/pricing/"' in before
    publish(site.privacy, title="Data", show_in_menus=True)
    after = shelf.current()
    assert after is not None
    assert (
        'class="site-nav__link" href="/privacy/">Data</a>' in contents(after)["404.html"].decode()
    )
