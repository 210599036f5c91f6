"""Archives, downloads and purges where files lie in a bucket."""

from __future__ import annotations

import io
import zipfile
from datetime import timedelta

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone

from identity.models import User
from tenants.archive import exports, imports
from tenants.life import deletion, purge
from tenants.models import Tenant
from tenants.models.archives import Export, Import
from tests.events.log import (  # noqa: F401 (fixtures)
    events_database,
    log,
    postgres_events,
    store_kind,
)
from tests.tenants.archive import world

pytestmark = pytest.mark.thorough


@pytest.fixture
def umbrella(in_bucket, owner):  # type: ignore[no-untyped-def]
    """A workspace whose files lie in the bucket."""
    return world.a_workspace(owner)


def browser(tenant: Tenant, user: User | None = None) -> Client:
    """Of somebody on the workspace's host; what they do is committed, as the workspace is."""
    host = f"{tenant.slug}.{settings.APP_DOMAIN}{settings.PUBLIC_PORT_SUFFIX}"
    client = Client(headers={"host": host})
    if user:
        client.force_login(user)
    return client


def test_an_archive_is_made_downloaded_and_brought_back(umbrella, owner, in_bucket, object_store):
    made = exports.make(exports.ask(umbrella, by=owner, with_events=False).pk)
    assert made is not None
    assert (made.state, made.files, made.missing_files) == (Export.State.READY, 3, 0)
    assert len(object_store.keys(in_bucket.folder("exports"))) == 1
    answer = browser(umbrella, owner).get(f"/settings/export/{made.pk}/download/")
    archive = b"".join(answer.streaming_content)
    assert zipfile.ZipFile(io.BytesIO(archive)).testzip() is None
    done = imports.run(imports.bring(io.BytesIO(archive), owner=owner).pk)
    assert done is not None
    assert (done.state, done.words) == (Import.State.DONE, "")
    assert len(world.stored(umbrella)) == 3
    assert world.stored(done.tenant) == world.stored(umbrella)
    assert len(object_store.keys(in_bucket.folder(f"uploads/{done.tenant.schema_name}/"))) == 3
    assert len(object_store.keys(in_bucket.folder("exports"))) == 1, "what was brought is gone"


def test_nobody_else_downloads_it(umbrella, owner):
    made = exports.make(exports.ask(umbrella, by=owner, with_events=False).pk)
    assert made is not None
    address = f"/settings/export/{made.pk}/download/"
    assert browser(umbrella, world.a_person("otto")).get(address).status_code in {403, 404}
    assert browser(umbrella).get(address).status_code in {302, 403, 404}


def test_a_purge_leaves_no_object(umbrella, owner, in_bucket, object_store, log):  # noqa: F811
    exports.make(exports.ask(umbrella, by=owner, with_events=False).pk)
    uploads = in_bucket.folder(f"uploads/{umbrella.schema_name}/")
    assert len(object_store.keys(uploads)) == 3
    deletion.delete(umbrella, by=owner)
    umbrella.refresh_from_db()
    log.settle()
    receipt = purge.purge(umbrella, now=timezone.now() + timedelta(days=40))
    assert receipt is not None
    assert object_store.keys(uploads) == []
    assert object_store.keys(in_bucket.folder("exports")) == []
