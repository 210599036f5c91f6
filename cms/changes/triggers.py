"""Which models a page shows: a change of any of their rows makes a new release necessary.

Found by walking what page types are made of (fields, relations, blocks, rich text), with settings,
snippets and what stands around every page, and on from each of these. Pages themselves say by
Wagtail's signals when they are published. What is reached and yet never shown has a reason here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any

from django.apps import apps
from django.conf import settings
from django.db.models import Field, Model
from modelcluster.models import get_all_child_relations
from wagtail.blocks import Block, ChooserBlock, RichTextBlock
from wagtail.contrib.settings.registry import registry
from wagtail.documents import get_document_model
from wagtail.fields import RichTextField, StreamField
from wagtail.images import get_image_model
from wagtail.models import Locale, Page, PageViewRestriction, Site, get_page_models
from wagtail.snippets.models import get_snippet_models

# Label of a model -> why its changes never alter a page.
NOT_SHOWN = {
    "wagtailcore.Page": "pages say it themselves, when they are published or taken away",
    "wagtailcore.Collection": "it sorts files and holds rights to them",
    settings.AUTH_USER_MODEL: "who uploaded a file; bylines are text",
    "taggit.Tag": "tags help editors to find files",
    "taggit.TaggedItem": "tags help editors to find files",
    "auth.Group": "whom a restriction lets in; restricted pages are in no release",
}


ON_NO_PAGE = "stands_on_no_page"  # a snippet says so itself: what it is lies above the website


def shown(model: type[Model]) -> bool:
    """Whether a page may look different when a row of `model` changes."""
    return model in shown_models()


@lru_cache(maxsize=1)
def shown_models() -> frozenset[type[Model]]:
    return frozenset(reached_from(_roots())) - _never_shown()


def reached_from(roots: Iterable[type[Model]]) -> set[type[Model]]:
    """`roots`, and every model that a row of theirs can show, however many steps away."""
    found: set[type[Model]] = set()
    todo = list(roots)
    while todo:
        model = todo.pop()
        if model not in found:
            found.add(model)
            if model not in _never_shown():
                todo += _shown_by(model)
    return {model for model in found if not issubclass(model, Page)}


def shown_by_block(block: Block) -> Iterator[type[Model]]:
    """The models whose rows an editor can choose in this block, or inside of it."""
    if isinstance(block, ChooserBlock):
        yield block.target_model
    if isinstance(block, RichTextBlock):
        yield from rich_text_models()
    inner = [getattr(block, "child_block", None), *getattr(block, "child_blocks", {}).values()]
    for child in inner:
        if child is not None:
            yield from shown_by_block(child)


def rich_text_models() -> tuple[type[Model], ...]:
    """What rich text links to or embeds by its id."""
    return (Page, get_document_model(), get_image_model())


def _roots() -> list[type[Model]]:
    around = [Site, Locale, PageViewRestriction]
    snippets = [model for model in get_snippet_models() if not getattr(model, ON_NO_PAGE, False)]
    return [*around, *get_page_models(), *registry, *snippets]


@lru_cache(maxsize=1)
def _never_shown() -> frozenset[type[Model]]:
    return frozenset(apps.get_model(label) for label in NOT_SHOWN)


def _shown_by(model: type[Model]) -> Iterator[type[Model]]:
    inherited = {field.name for field in Page._meta.get_fields()} if issubclass(model, Page) else ()
    for field in (*model._meta.fields, *model._meta.many_to_many):
        if field.name not in inherited:
            yield from _shown_by_field(field)
    for relation in get_all_child_relations(model):
        if relation.name not in inherited:
            yield relation.related_model


def _shown_by_field(field: Field[Any, Any]) -> Iterator[type[Model]]:
    if isinstance(field, StreamField):
        yield from shown_by_block(field.stream_block)
    elif isinstance(field, RichTextField):
        yield from rich_text_models()
    elif field.related_model:
        yield field.related_model
        through = getattr(field.remote_field, "through", None)
        if through is not None:
            yield through
