"""`manage.py doctor` on the bucket: used, private, and needed when machines have disks of their own."""

from __future__ import annotations

import json
import os
import time

import pytest
from django.conf import settings as django_settings

from events.redis import quick
from plg_site.configuration.storages import Bucket, storages
from plg_site.doctor import bucket
from plg_site.doctor.findings import Finding
from plg_site.operating import machines
from tests.object_store.fixtures import in_bucket, object_store, shared_bucket  # noqa: F401
from tests.object_store.server import BUCKET

pytestmark = pytest.mark.thorough  # a server from an environment of its own


def said() -> list[tuple[str, str]]:
    return [(finding.level.value, finding.says) for finding in bucket.look()]


def problems() -> list[Finding]:
    return [finding for finding in bucket.look() if finding.level.value == "problem"]


@pytest.fixture
def announced(settings, tmp_path):
    """No machine has said that it runs, and this one has a disk of its own."""
    settings.STATE_DIR = tmp_path
    settings.STORAGE = None
    client = quick(django_settings.REDIS_URL)
    client.delete(machines._key())
    yield client
    client.delete(machines._key())


def test_a_private_bucket_that_can_be_used_is_fine(in_bucket, object_store) -> None:  # noqa: F811
    found = said()
    assert [level for level, _ in found] == ["fine", "fine"], found
    assert object_store.keys(in_bucket.folder("releases")) == [], "it leaves nothing behind"


def test_a_bucket_that_gives_to_anybody_is_a_problem(in_bucket, settings) -> None:  # noqa: F811
    made = storages(in_bucket, state=settings.STATE_DIR, static="x")
    made["releases"]["OPTIONS"]["default_acl"] = "public-read"
    settings.STORAGES = made
    [found] = problems()
    assert "public" in found.says
    assert "Block all public access" in found.do


def test_a_bucket_that_does_not_answer_is_a_problem(settings) -> None:
    settings.STORAGE = Bucket(name="nobody", region="us-east-1", endpoint="http://127.0.0.1:1",
                              access_key="a", secret_key="b")  # fmt: skip
    settings.STORAGES = storages(settings.STORAGE, state=settings.STATE_DIR, static="x")
    [found] = problems()
    assert "cannot be used" in found.says


def test_a_bucket_that_is_not_there_is_a_problem(settings, shared_bucket) -> None:  # noqa: F811
    from dataclasses import replace

    settings.STORAGE = replace(shared_bucket, name=f"{BUCKET}-none")
    settings.STORAGES = storages(settings.STORAGE, state=settings.STATE_DIR, static="x")
    [found] = problems()
    assert "cannot be used" in found.says


def test_one_machine_needs_no_bucket(announced) -> None:
    machines.announce()
    assert [level for level, _ in said()] == ["fine"]


def test_two_machines_with_two_disks_need_one(announced) -> None:
    machines.announce()
    other = {"disk": "another", "at": time.time()}
    announced.hset(machines._key(), "web-2", json.dumps(other))
    [found] = problems()
    assert "web-2" in found.says
    assert "STORAGE_URL" in found.do


def test_two_machines_that_share_a_disk_or_ran_long_ago_do_not(announced) -> None:
    shares = {"disk": machines.disk(), "at": time.time()}
    gone = {"disk": "another", "at": time.time() - 8 * 24 * 3600}
    announced.hset(
        machines._key(), mapping={"web-2": json.dumps(shares), "web-3": json.dumps(gone)}
    )
    assert [level for level, _ in said()] == ["fine"]
    assert os.uname().nodename not in machines.with_another_disk()
