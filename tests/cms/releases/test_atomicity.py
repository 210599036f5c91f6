"""Builds beside each other, readers beside builds, and a build that is killed. Real commits."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connection

from cms.models import BuildRequest
from cms.releases import release, shelf

BUILD_AND_DIE = """
import os, signal, sys, django
from django.conf import settings
settings.SITE_RELEASES_DIR = sys.argv[1]
django.setup()
from cms.releases import release
def die(done, total, path):
    if done == 5:
        os.kill(os.getpid(), signal.SIGKILL)
release.build(progress=die)
"""


@pytest.fixture
def real(seeded: Path, committed: None, shelf_folder: Path) -> Iterator[Path]:
    yield shelf_folder
    BuildRequest.objects.all().delete()


def _in_a_thread(work) -> threading.Thread:  # type: ignore[no-untyped-def]
    def run() -> None:
        try:
            work()
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def _releases(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if not path.is_symlink())


def test_whoever_asks_during_a_build_shares_the_one_that_follows(real: Path) -> None:
    under_way, all_asked = threading.Event(), threading.Event()
    results: list[shelf.Release] = []

    def wait_for_the_others(done: int, total: int, path: str) -> None:
        under_way.set()
        assert all_asked.wait(20)

    first = _in_a_thread(lambda: results.append(release.build(progress=wait_for_the_others)))
    assert under_way.wait(20)
    wishes = [release.ask() for _ in range(3)]
    others = [
        _in_a_thread(lambda wish=wish: results.append(release.build(wish=wish))) for wish in wishes
    ]
    all_asked.set()
    for thread in [first, *others]:
        thread.join(60)
    assert len(results) == 4
    assert len(_releases(real)) == 2
    assert len({built.id for built in results}) == 2


def test_a_reader_never_sees_half_a_release(real: Path) -> None:
    release.build()
    stop, seen, wrong = threading.Event(), set(), []

    def read() -> None:
        while not stop.wait(0.002):
            current = shelf.current()
            if current is None:
                wrong.append("no release")
                continue
            seen.add(current.id)
            for path, entry in current.entries.items():
                if not (current.folder / entry.file).is_file():
                    wrong.append(path)

    readers = [_in_a_thread(read) for _ in range(2)]
    built = [release.build().id for _ in range(3)]
    stop.set()
    for reader in readers:
        reader.join(20)
    assert not wrong
    assert seen & set(built)


def test_a_build_killed_in_the_middle_leaves_the_release_before(real: Path) -> None:
    before = release.build()
    killed = subprocess.run(
        [sys.executable, "-c", BUILD_AND_DIE, str(real)],
        timeout=60,
        capture_output=True,
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()[-2000:]
    assert shelf.current() == before
    assert list(real.glob(".building-*"))
    assert BuildRequest.objects.filter(release_id="").exists(), "its wish still waits"
    after = release.build()
    assert shelf.current() == after
    assert _releases(real) == [before.id, after.id]
    assert not BuildRequest.objects.filter(release_id="").exists()
