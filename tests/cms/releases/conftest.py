"""Machines that share a bucket: each has a folder of releases of its own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.conf import settings as django_settings

from plg_site.configuration.storages import Bucket
from tests.object_store.fixtures import in_bucket, object_store, shared_bucket  # noqa: F401

Enter = Callable[[str], Path]


@pytest.fixture
def machine(
    site: SimpleNamespace,
    settings: SimpleNamespace,
    tmp_path: Path,
    in_bucket: Bucket,  # noqa: F811
) -> Enter:
    """`machine("b")`: go on as a process of this machine; returns its folder of releases."""

    def enter(name: str) -> Path:
        settings.SITE_RELEASES_DIR = tmp_path / name / "releases"
        return Path(django_settings.SITE_RELEASES_DIR)

    enter("a")
    return enter
