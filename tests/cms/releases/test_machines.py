"""What one machine builds, every machine shows: fetched whole, checked, and kept at hand."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage, storages
from django.test import Client

from cms.models import CurrentRelease, SiteImage
from cms.releases import following, release, shared, shelf
from plg_site.configuration.storages import Bucket
from plg_site.configuration.storages import storages as made
from plg_site.storages import BucketUnavailable
from tests.object_store.server import BUCKET

pytestmark = pytest.mark.thorough  # a server from an environment of its own

Publish = Callable[..., object]


def shown() -> str:
    current = shelf.current()
    assert current is not None
    return current.id


def contents(of: shelf.Release) -> dict[str, bytes]:
    return {path: of.read(entry)[0] for path, entry in of.entries.items()}


def unreachable(settings: SimpleNamespace) -> None:
    nobody = Bucket(name="nobody", region="us-east-1", endpoint="http://127.0.0.1:1",
                    access_key="a", secret_key="b")  # fmt: skip
    static = settings.STORAGES["staticfiles"]["BACKEND"]
    settings.STORAGES = made(nobody, state=Path("/nowhere"), static=static)


def test_what_one_machine_builds_another_shows_byte_by_byte(machine) -> None:
    built = release.build()
    there = contents(built)
    machine("b")
    assert shelf.current() is None
    following.catch_up()
    assert shown() == built.id
    fetched = shelf.current()
    assert fetched is not None
    assert contents(fetched) == there
    assert fetched.entries == built.entries


def test_a_machine_fetches_only_what_it_has_not(machine, publish: Publish, site, inodes) -> None:
    first = release.build()
    machine("b")
    following.catch_up()
    before = inodes(shelf.current())
    machine("a")
    publish(site.article, title="A link is a vow")
    machine("b")
    following.catch_up()
    after = inodes(shelf.current())
    assert shown() != first.id
    assert {path for path in after if after[path] != before[path]} == {
        "", "blog/", "blog/links-that-last/", "blog/count-it-once/", "blog/moving-your-links/",
        "feed.xml",
    }  # fmt: skip


def test_builders_on_two_machines_go_on_from_each_other(machine, publish: Publish, site) -> None:
    release.build()
    machine("b")
    built = release.build()
    assert built.reused == len(built.entries), "what another machine built is linked"
    machine("a")
    wish = release.ask()
    machine("b")
    served = release.build(wish=wish)
    machine("a")
    assert release.build(wish=wish).id == served.id, "another machine has served it"


def test_without_the_bucket_and_without_a_pointer_what_was_shown_stays(
    machine, settings, visitor: Client
) -> None:
    release.build()
    machine("b")
    following.catch_up()
    before = shown()
    machine("a")
    release.build()
    machine("b")
    unreachable(settings)
    with pytest.raises(BucketUnavailable):
        following.catch_up()
    assert shown() == before
    assert visitor.get("/pricing/").status_code == 200
    CurrentRelease.objects.all().delete()
    following.catch_up()
    assert shown() == before


def test_a_build_that_cannot_be_shared_is_shown_by_nobody(machine, settings) -> None:
    before = release.build()
    unreachable(settings)
    with pytest.raises(BucketUnavailable):
        release.build()
    assert shown() == before.id
    assert CurrentRelease.objects.get().release_id == before.id


@pytest.mark.parametrize("which", ["table", "file"])
def test_what_is_damaged_on_its_way_is_never_shown(
    machine, in_bucket: Bucket, object_store, which: str
) -> None:
    first = release.build()
    machine("b")
    following.catch_up()
    machine("a")
    second = release.build()
    folder = in_bucket.folder("releases")
    name = f"{second.id}.json"
    if which == "file":
        shutil.rmtree(machine("b"))  # so that it has to fetch every file
        name = f"files/{second.entries['pricing/'].digest}"
    object_store.client().put_object(Bucket=BUCKET, Key=f"{folder}/{name}", Body=b"half of i")
    machine("b")
    with pytest.raises(shared.Damaged):
        following.catch_up()
    current = shelf.current()
    assert (current.id if current else None) == (first.id if which == "table" else None)
    assert not list(shelf.root().glob(".fetching-*"))


def test_what_a_killed_fetch_left_is_no_release_and_goes_with_the_next(machine) -> None:
    built = release.build()
    root = machine("b")
    half = root / f".fetching-{built.id}"
    half.mkdir(parents=True)
    (half / "index.html").write_text("half a page")
    (half / shelf.MANIFEST).write_text(json.dumps({"entries": {}, "reused": 0}))
    assert shelf.current() is None
    following.catch_up()
    assert shown() == built.id
    assert not half.exists()


def test_old_releases_go_from_the_machines_and_from_the_bucket(
    machine, in_bucket: Bucket, object_store, publish: Publish, site
) -> None:
    for number in range(7):
        machine("a")
        publish(site.privacy, title=f"Privacy {number}")
        machine("b")
        following.catch_up()
    kept = {path.name for path in shelf._complete()}
    assert len(kept) == shelf.KEEP
    keys = object_store.keys(in_bucket.folder("releases"))
    tables = [key for key in keys if key.endswith(".json")]
    assert len(tables) == shelf.KEEP
    named = {sha for each in kept for sha in shelf.complete(each).files.values()}
    assert {os.path.basename(key) for key in keys} - {os.path.basename(t) for t in tables} == named


def test_what_else_lies_in_the_bucket_keeps_no_build_from_being_made(machine, in_bucket) -> None:
    storages["releases"].save("doctor-1", ContentFile(b"not a table"))
    release.build()
    assert storages["releases"].exists("doctor-1")


def test_a_builder_whose_clock_is_slow_keeps_what_it_built(machine, freeze_builds) -> None:
    for _ in range(6):
        release.build()
    slow = release.build(now=freeze_builds)
    assert shown() == slow.id
    machine("b")
    following.catch_up()
    assert shown() == slow.id


@pytest.fixture
def freeze_builds():
    from datetime import UTC, datetime

    return datetime(2026, 1, 1, tzinfo=UTC)


def test_a_page_that_is_taken_away_leaves_every_machine_before_any_build(
    machine, site, publish: Publish, visitor: Client, no_builds
) -> None:
    with no_builds(False):
        release.build()
    machine("b")
    following.catch_up()
    assert visitor.get("/privacy/").status_code == 200
    machine("a")
    site.privacy.unpublish()
    assert visitor.get("/privacy/").status_code == 404
    machine("b")
    assert visitor.get("/privacy/").status_code == 200
    following.catch_up()
    assert visitor.get("/privacy/").status_code == 404
    machine("a")
    with no_builds(False):
        release.build()
    machine("b")
    following.catch_up()
    assert visitor.get("/privacy/").status_code == 404
    assert not any((shelf.root() / "withdrawn").iterdir()), "the release has answered the marks"


@pytest.fixture
def no_builds(monkeypatch):
    """Builds that editors cause wait, as they do without a worker."""
    from contextlib import contextmanager

    from cms.changes import publishing

    monkeypatch.setattr(publishing, "build_soon", lambda wish: None)

    @contextmanager
    def allowed(_: bool):
        yield

    return allowed


def test_pictures_come_along_and_a_deleted_one_leaves_every_machine(
    machine,
    site,
    publish: Publish,
    visitor: Client,
    png: bytes,
    django_capture_on_commit_callbacks,
) -> None:
    image = SiteImage.objects.create(title="Sign", file=ContentFile(png, name="sign.png"))
    publish(site.article, image=image)
    rendition = image.renditions.first()
    assert rendition is not None
    name = rendition.file.name
    picture = visitor.get(f"/media/{name}")
    assert picture.status_code == 200
    machine("b")
    following.catch_up()
    assert (shelf.root() / shown() / "media" / name).is_file()
    default_storage.delete(name)  # an editor replaced it
    assert b"".join(visitor.get(f"/media/{name}")) == b"".join(picture)
    machine("a")
    with django_capture_on_commit_callbacks(execute=True):
        image.delete()
    machine("b")
    following.catch_up()
    assert visitor.get(f"/media/{name}").status_code == 404


@pytest.fixture
def png() -> bytes:
    import io

    from PIL import Image

    out = io.BytesIO()
    Image.new("RGB", (1400, 900), (200, 40, 40)).save(out, "PNG")
    return out.getvalue()


def test_two_processes_of_a_machine_do_not_fetch_at_once(machine) -> None:
    with following.alone(wait=False) as first, following.alone(wait=False) as second:
        assert (first, second) == (True, False)


def test_a_table_is_never_written_a_second_time(machine, in_bucket: Bucket) -> None:
    built = release.build()
    with pytest.raises(FileExistsError):
        storages["releases"].save(f"{built.id}.json", ContentFile(b"another"))
