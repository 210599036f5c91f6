"""Whatever a page shows, a change of it is built. Asked twice: of the models, and of the database."""

from __future__ import annotations

import re
from collections.abc import Callable
from types import SimpleNamespace

import pytest
from django.apps import apps
from django.contrib.sessions.models import Session
from django.core.files.base import ContentFile
from django.db import connection
from django.db.models import Model
from wagtail import blocks
from wagtail.documents import get_document_model
from wagtail.embeds.models import Embed
from wagtail.images.blocks import ImageBlock
from wagtail.images.tests.utils import get_test_image_file
from wagtail.models import Locale, Page, PageViewRestriction, Site, get_page_models
from wagtail.rich_text import features
from wagtail.snippets.blocks import SnippetChooserBlock

from cms.changes import triggers
from cms.models import BuildRequest, SiteImage
from cms.releases import release, shelf

# Tables that a build reads, and why a change of theirs needs no other build.
READ_FOR_OTHER_REASONS = {
    "cms_buildrequest": "the build's own",
    "cms_sitebuild": "the build's own",
    "cms_siterendition": "a build makes it",
    "django_content_type": "the code's own",
    "wagtailredirects_redirect": "asked anew for each address that is not found",
    "wagtailcore_revision": "publishing says it",
    "tenants_tenant": "which host a request is for",
    "tenants_domain": "which host a request is for",
}


def table(model: type[Model]) -> str:
    return model._meta.db_table


def test_every_table_that_a_build_reads_has_a_trigger(site: SimpleNamespace) -> None:
    """Independent of the walk: whatever way a template finds to a row, its table is seen here."""
    picture = SiteImage.objects.create(title="A sign", file=get_test_image_file(size=(900, 300)))
    site.article.image = site.article.social_image = picture
    site.article.save()
    read: set[str] = set()

    def note(execute, sql, params, many, context):  # type: ignore[no-untyped-def]
        read.update(re.findall(r'(?:FROM|JOIN) "(\w+)"', sql))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        release.build()
    pages = {table(Page), *(table(model) for model in get_page_models())}
    watched = {table(model) for model in triggers.shown_models()}
    never = {table(apps.get_model(label)) for label in triggers.NOT_SHOWN}
    assert table(SiteImage) in read
    assert read - pages - watched - never - set(READ_FOR_OTHER_REASONS) == set()


def test_the_walk_reaches_every_kind_of_choice_an_editor_has() -> None:
    """What a page type gets tomorrow, in whatever corner of its body, is found without being named."""
    in_a_corner = blocks.StreamBlock(
        [("rows", blocks.ListBlock(blocks.StructBlock([("who", SnippetChooserBlock(Session))])))]
    )
    assert set(triggers.shown_by_block(in_a_corner)) == {Session}
    assert SiteImage in set(triggers.shown_by_block(blocks.ListBlock(ImageBlock())))
    with_links = set(triggers.shown_by_block(blocks.RichTextBlock()))
    assert get_document_model() in with_links
    two_steps_away = triggers.reached_from([apps.get_model("auth.Permission")])
    assert apps.get_model("contenttypes.ContentType") in two_steps_away


def test_rich_text_has_no_handler_for_a_model_that_the_walk_does_not_know() -> None:
    known = {*triggers.rich_text_models(), Embed}  # an embed's row is made when it is shown
    handlers = [*features.get_link_types().values(), *features.get_embed_types().values()]
    unknown = set()
    for handler in handlers:
        try:
            unknown.add(handler.get_model())
        except (AttributeError, NotImplementedError):  # an address outside, a mail
            continue
    assert unknown - known == set()


def test_what_pages_show_today_is_watched() -> None:
    expected = {SiteImage, get_document_model(), Site, Locale, PageViewRestriction}
    assert expected <= triggers.shown_models()


def test_no_reason_is_left_for_a_model_that_nothing_reaches() -> None:
    reached = triggers.reached_from(triggers._roots()) | {Page}
    assert {label for label in triggers.NOT_SHOWN if apps.get_model(label) not in reached} == set()


@pytest.mark.parametrize("kind", ["picture", "document", "site", "language", "restriction"])
def test_each_of_them_asks_for_a_build_when_it_changes_and_when_it_goes(
    site: SimpleNamespace, kind: str
) -> None:
    make: dict[str, Callable[[], Model]] = {
        "picture": lambda: SiteImage(title="A", file=get_test_image_file()),
        "document": lambda: get_document_model()(title="A", file=ContentFile(b"a", name="a.txt")),
        "site": lambda: Site(hostname="other.example", root_page=site.privacy),
        "language": lambda: Locale(language_code="fr"),
        "restriction": lambda: PageViewRestriction(page=site.privacy, restriction_type="login"),
    }
    row = make[kind]()
    asked = BuildRequest.objects.count()
    row.save()
    made = BuildRequest.objects.count()
    assert made > asked
    row.delete()
    assert BuildRequest.objects.count() > made


def test_a_deleted_picture_is_built_away(
    site: SimpleNamespace,
    built: shelf.Release,
    django_capture_on_commit_callbacks: Callable[..., object],
) -> None:
    picture = SiteImage.objects.create(title="A sign", file=get_test_image_file(size=(1600, 900)))
    site.article.image = picture
    site.article.save()
    before = release.build()
    with django_capture_on_commit_callbacks(execute=True):
        picture.delete()
    after = shelf.current()
    assert after is not None
    assert after.id != before.id
    content, _ = after.read(after.entries["blog/links-that-last/"])
    assert b"/media/images" not in content
