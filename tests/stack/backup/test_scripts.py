"""deploy/backup without a server: what is kept, what is refused, and how files go and come."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from plg_site.devstack import postgres
from plg_site.devstack.options import ROOT
from tests.stack.backup.servers import SCRIPTS


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "backups"


@pytest.fixture
def run(folder: Path):
    def script(name: str, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
        env = {
            "PATH": f"{postgres.binaries_folder()}:{os.environ['PATH']}",
            "BACKUP_FOLDER": str(folder), **variables,
        }  # fmt: skip
        return subprocess.run(
            ["/bin/sh", str(SCRIPTS / name), *words],
            env=env, capture_output=True, text=True, timeout=60,
        )  # fmt: skip

    return script


def a_base(folder: Path, stamp: str, *, segment: int) -> None:
    """As pg_basebackup leaves it, as far as the scripts look."""
    base = folder / "main" / "base" / stamp
    base.mkdir(parents=True)
    name = f"{1:08X}{0:08X}{segment:08X}"
    (base / "backup_label").write_text(
        f"START WAL LOCATION: 0/{segment:X}000028 (file {name})\nSTART TIME: then\n"
    )


def wal(folder: Path) -> set[int]:
    return {int(path.name[16:24], 16) for path in (folder / "main" / "wal").iterdir()}


def test_forgetting_keeps_the_newest_and_the_wal_that_they_need(run, folder):
    for day, segment in ((1, 2), (2, 5), (3, 8)):
        a_base(folder, f"2026110{day}T040000Z", segment=segment)
    (folder / "main" / "wal").mkdir()
    for segment in range(2, 11):
        (folder / "main" / "wal" / f"{1:08X}{0:08X}{segment:08X}").write_text("")
    assert run("forget.sh", "main", BACKUP_KEEP="3").returncode == 0
    assert wal(folder) == set(range(2, 11))
    assert run("forget.sh", "main", BACKUP_KEEP="2").stdout == "20261101T040000Z is gone\n"
    assert wal(folder) == set(range(5, 11))
    assert run("forget.sh", "main", BACKUP_KEEP="0").returncode == 1
    assert len(list((folder / "main" / "base").iterdir())) == 2


@pytest.mark.parametrize(
    ("moment", "base"),
    [
        ("2026-11-02T04:00:00Z", "20261102T040000Z"),
        ("2026-11-03T03:59:59.999Z", "20261102T040000Z"),
        ("2026-11-03T04:00:00Z", "20261103T040000Z"),
        ("", "20261103T040000Z"),
    ],
)
def test_a_restore_begins_with_the_newest_base_from_before_that_moment(
    run, folder, tmp_path, moment, base
):
    for day in (2, 3):
        a_base(folder, f"2026110{day}T040000Z", segment=day)
    done = run("restore.sh", "main", str(tmp_path / "new"), *([moment] if moment else []))
    assert f"/new: {base}, and WAL until" in done.stdout, done.stderr
    said = (tmp_path / "new" / "postgresql.auto.conf").read_text()
    assert ("recovery_target_time =" in said) is bool(moment)
    assert "archive_mode = 'off'" in said
    assert (tmp_path / "new" / "recovery.signal").exists()
    assert not (folder / "main" / "base" / base / "recovery.signal").exists()


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["main", "{new}", "2026-11-01T00:00:00Z"], "No base backup of main was finished by then"),
        (["main", "{new}", "yesterday"], "yesterday is no moment in UTC"),
        (["main", "{new}", "2026-11-02 04:00:00"], "is no moment in UTC"),
        (["main", "{here}"], "exists. A restore begins with a new folder"),
        (["../main", "{new}"], "Give it a name"),
        (["other", "{new}"], "No base backup of other"),
    ],
)
def test_what_cannot_be_restored_is_refused_in_words(run, folder, tmp_path, words, why):
    a_base(folder, "20261102T040000Z", segment=2)
    named = [word.format(new=tmp_path / "new", here=tmp_path) for word in words]
    done = run("restore.sh", *named)
    assert done.returncode == 1
    assert why in done.stderr
    assert not (tmp_path / "new").exists()


def test_a_folder_that_postgresql_could_not_be_told_is_refused(run):
    assert "whole path" in run("list.sh", "main", BACKUP_FOLDER="backups").stderr
    assert "quotes" in run("list.sh", "main", BACKUP_FOLDER="/it's").stderr


def test_files_that_are_gone_wait_and_come_back(run, folder, tmp_path):
    uploads = tmp_path / "uploads"
    (uploads / "w_1").mkdir(parents=True)
    kept, odd = uploads / "w_1" / "kept", uploads / "w_1" / "a name\nof two lines"
    kept.write_text("one")
    odd.write_text("two")
    told = run("files.sh", "files", str(uploads), BACKUP_REPORT="echo told of")
    assert told.stdout.startswith("told of files files --bytes "), told.stderr
    odd.unlink()
    kept.write_text("newer")
    os.utime(kept, (2_000_000_000, 2_000_000_000))
    assert run("files.sh", "files", str(uploads)).returncode == 0
    now = folder / "files" / "now" / "uploads" / "w_1"
    assert {path.name: path.read_text() for path in now.iterdir()} == {"kept": "newer"}
    back = tmp_path / "else" / "uploads"
    assert run("restore-files.sh", "files", str(back)).returncode == 0
    assert (back / "w_1" / odd.name).read_text() == "two"
    assert (back / "w_1" / "kept").read_text() == "newer"
    (gone,) = (folder / "files" / "gone").iterdir()
    os.utime(gone, (1_000_000_000, 1_000_000_000))
    assert run("forget.sh", "files").returncode == 0
    assert not gone.exists()
    assert kept.name in {path.name for path in now.iterdir()}


def test_a_folder_that_is_not_there_is_an_error_and_not_an_empty_one(run, folder, tmp_path):
    (tmp_path / "uploads").mkdir()
    (tmp_path / "uploads" / "one").write_text("one")
    run("files.sh", "files", str(tmp_path / "uploads"))
    (tmp_path / "uploads").rename(tmp_path / "elsewhere")
    assert "is no folder" in run("files.sh", "files", str(tmp_path / "uploads")).stderr
    assert (folder / "files" / "now" / "uploads" / "one").exists()


def test_every_script_is_in_the_docs_and_run_by_a_test():
    page = (ROOT / "docs" / "backups.md").read_text()
    here = "".join(path.read_text() for path in Path(__file__).parent.glob("*.py"))
    names = {path.name for path in SCRIPTS.iterdir()} - {"common.sh"}
    assert names == set(re.findall(r"deploy/backup/([a-z-]+\.sh)", page))
    assert [name for name in names if f'"{name}"' not in here] == []
    assert [name for name in names if not os.access(SCRIPTS / name, os.X_OK)] == []
