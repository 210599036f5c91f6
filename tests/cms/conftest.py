"""The seeded website, committed once for these tests, and a folder of releases for each of them."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.conf import settings
from django.contrib.auth.models import Group
from django.test import Client, override_settings
from django.urls import get_resolver
from wagtail.models import Page, Site

from cms import slots
from cms.changes import publishing
from cms.editing import editors
from cms.models import (
    ArticlePage,
    BlogIndexPage,
    BuildRequest,
    ContentPage,
    HomePage,
    PricingPage,
    SiteBuild,
)
from cms.releases import release, shelf
from cms.seed import seed_site
from plg_site.configuration import site_file


@pytest.fixture(scope="package")
def seeded(
    django_db_setup: None,
    django_db_blocker: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Path]:
    """The folder with the one release that was built from the seed."""
    folder = tmp_path_factory.mktemp("seeded") / "releases"
    assert get_resolver(
        settings.PUBLIC_SCHEMA_URLCONF
    ).url_patterns  # those of the product that runs
    with django_db_blocker.unblock(), override_settings(SITE_RELEASES_DIR=folder):
        with override_settings(PRODUCT_APP=site_file.SAMPLE):  # whose website has one of everything
            seed_site(demo=True)
        release.build()
    yield folder
    with django_db_blocker.unblock(), publishing.paused():
        BuildRequest.objects.all().delete()
        SiteBuild.objects.all().delete()
        Site.objects.all().delete()
        for home in HomePage.objects.all():
            home.delete()
        Group.objects.filter(name=editors.GROUP).delete()


@pytest.fixture
def shelf_folder(settings: SimpleNamespace, tmp_path: Path) -> Path:
    settings.SITE_RELEASES_DIR = tmp_path / "releases"
    return settings.SITE_RELEASES_DIR


@pytest.fixture
def site(seeded: Path, db: None, shelf_folder: Path) -> SimpleNamespace:
    """home, pricing, blog, article (the newest), privacy; nothing is built yet."""
    return SimpleNamespace(
        home=HomePage.objects.get(),
        pricing=PricingPage.objects.get(),
        blog=BlogIndexPage.objects.get(),
        article=ArticlePage.newest_first().first(),
        privacy=ContentPage.objects.get(slug="privacy"),
    )


@pytest.fixture
def built(site: SimpleNamespace, seeded: Path, shelf_folder: Path) -> shelf.Release:
    """What `release.build()` makes of the seed, without waiting for it."""
    shutil.copytree(seeded, shelf_folder, symlinks=True, copy_function=os.link)
    current = shelf.current()
    assert current is not None
    return current


@pytest.fixture
def visitor(client_for: Callable[..., Client]) -> Client:
    return client_for()


@pytest.fixture
def editor(site: SimpleNamespace, people: SimpleNamespace):  # type: ignore[no-untyped-def]
    """A member of a workspace who also edits the website."""
    editors.admit(people.acme_member)
    return people.acme_member


@pytest.fixture
def publish(
    django_capture_on_commit_callbacks: Callable[..., object],
) -> Callable[..., Page]:
    """`publish(page, title="New")`: change fields and publish, with all that follows a commit."""

    def change_and_publish(page: Page, **fields: object) -> Page:
        with django_capture_on_commit_callbacks(execute=True):
            for name, value in fields.items():
                setattr(page, name, value)
            page.save_revision().publish()
        page.refresh_from_db()
        return page

    return change_and_publish


@pytest.fixture
def no_plans() -> Iterator[None]:
    """The catalogue cannot be read, so the price list answers 500."""

    def broken() -> list[object]:
        raise RuntimeError("the catalogue cannot be read")

    plans = slots.get("pricing")
    slots.register("pricing", broken)
    yield
    slots.register("pricing", plans)


@pytest.fixture
def inodes() -> Callable[[shelf.Release], dict[str, int]]:
    """Path -> inode of each file of a release: equal inodes are one file on the disk."""

    def of(release: shelf.Release) -> dict[str, int]:
        return {
            path: (release.folder / entry.file).stat().st_ino
            for path, entry in release.entries.items()
        }

    return of
