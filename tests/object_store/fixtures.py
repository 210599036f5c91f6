"""The bucket of a test, and settings that name it. Imported by the conftest of a folder that asks."""

from __future__ import annotations

import atexit
import os
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from types import SimpleNamespace
from uuid import uuid4

import pytest

from plg_site.configuration.storages import Bucket, storages
from tests.object_store.server import BUCKET, KEY, SECRET, ObjectStore


@cache
def _store() -> ObjectStore:
    store = ObjectStore(Path(mkdtemp(prefix="plg-objects-")) / "log").start()
    pid = os.getpid()
    atexit.register(lambda: os.getpid() == pid and store.kill())
    return store


@pytest.fixture
def object_store() -> ObjectStore:
    """One server for all tests of a process; each test has a prefix of its own in its bucket."""
    return _store()


@pytest.fixture
def shared_bucket(object_store: ObjectStore) -> Bucket:
    """A part of the bucket that is this test's alone."""
    return Bucket(
        name=BUCKET, prefix=f"t-{uuid4().hex}", region="us-east-1",
        endpoint=object_store.endpoint, access_key=KEY, secret_key=SECRET,
    )  # fmt: skip


@pytest.fixture
def in_bucket(settings: SimpleNamespace, shared_bucket: Bucket, tmp_path: Path) -> Bucket:
    """Every storage of the settings lies in the bucket."""
    static = settings.STORAGES["staticfiles"]["BACKEND"]
    settings.STORAGE = shared_bucket
    settings.STORAGES = storages(shared_bucket, state=tmp_path, static=static)
    return shared_bucket


@pytest.fixture
def storage_kind(request: pytest.FixtureRequest) -> str:
    """Where the files of this test lie. A test of both: `both_storages`."""
    kind: str = getattr(request, "param", "folders")
    if kind == "bucket":
        request.getfixturevalue("in_bucket")
    return kind
