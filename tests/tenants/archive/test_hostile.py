"""An archive that is not what an export wrote is refused, with the reason, before anything is written."""

from __future__ import annotations

import io
import json
import os
import struct
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import msgspec
import pytest

from tenants.archive import layout
from tenants.archive.layout import Files, Manifest, Workspace
from tenants.archive.opening import open_archive
from tenants.archive.refusals import REASONS, ArchiveRefused
from tenants.archive.tables import Column
from tenants.archive.verification import verify
from tenants.archive.writing import ArchiveWriter

KNOWN = {
    "product_file": {
        "id": Column("id", "uuid", False, False),
        "name": Column("name", "character varying(255)", False, False),
        "content_type": Column("content_type", "character varying(120)", False, False),
        "storage_key": Column("storage_key", "character varying(100)", False, False),
    },
    "product_link": {
        "id": Column("id", "uuid", False, False),
        "code": Column("code", "character varying(40)", False, False),
        "target_url": Column("target_url", "character varying(2048)", False, False),
        "request_key": Column("request_key", "character varying(64)", True, False),
    },
}
FILE = "0123456789abcdef"
ROWS: dict[str, list[dict[str, Any]]] = {
    "product_file": [
        {
            "id": str(uuid4()),
            "name": "a.txt",
            "content_type": "text/plain",
            "storage_key": FILE,
        }
    ],
    "product_link": [
        {
            "id": str(uuid4()),
            "code": f"code{number}",
            "target_url": "https://example.org/",
            "request_key": None,
        }
        for number in range(3)
    ],
}


def an_archive(
    rows: dict[str, list[Any]] = ROWS,
    *,
    manifest: Callable[[dict[str, Any]], None] = lambda said: None,
    sign: bool = True,
) -> bytes:
    """As an export writes it; `manifest` changes what it says before it is signed."""
    out = io.BytesIO()
    writer = ArchiveWriter(out)
    for table, found in rows.items():
        with writer.open(layout.table_entry(table)) as entry:
            for row in found:
                entry.line(row if isinstance(row, bytes) else json.dumps(row).encode())
    with writer.open(layout.shared_entry("members")) as entry:
        entry.line(b'{"email": "o@example.org", "role": "owner", "person": null}')
    with writer.open(layout.file_entry(FILE), packed=False) as file:
        file.write(b"content")
    said = writer.entries.pop(layout.file_entry(FILE))
    with writer.open(layout.FILES) as entry:
        entry.line(json.dumps({"name": FILE, "size": said.size, "sha256": said.sha256}).encode())
    made = Manifest(
        format=layout.FORMAT,
        version=layout.VERSION,
        made_at=datetime.now(UTC),
        made_by=layout.installation(),
        product="product",
        fingerprint="f",
        migrations=["product.0001_initial"],
        workspace=Workspace("1", "W", "w", "UTC", datetime.now(UTC)),
        tables={
            table: {column.name: column.type for column in columns.values()}
            for table, columns in KNOWN.items()
        },
        entries=dict(writer.entries),
        files=Files(1, 7),
    )
    words = msgspec.to_builtins(made)
    manifest(words)
    encoded = json.dumps(words).encode()
    with writer.open(layout.MANIFEST) as entry:
        entry.write(encoded)
    if sign:
        with writer.open(layout.SIGNATURE) as entry:
            entry.write(layout.signature(encoded).encode())
    writer.close()
    return out.getvalue()


def judged(archive: bytes) -> str:
    """The reason; "" when it is taken."""
    try:
        verify(open_archive(io.BytesIO(archive)), KNOWN)
    except ArchiveRefused as refused:
        return refused.reason
    return ""


def appended(archive: bytes, name: str | zipfile.ZipInfo, content: bytes = b"x") -> bytes:
    out = io.BytesIO(archive)
    with zipfile.ZipFile(out, "a", zipfile.ZIP_DEFLATED) as target:
        target.writestr(name, content)
    return out.getvalue()


def replaced(archive: bytes, name: str, content: bytes | None) -> bytes:
    """With other content of an entry, or without it."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(archive)) as source, zipfile.ZipFile(out, "w") as target:
        for each in source.namelist():
            found = content if each == name else source.read(each)
            if found is not None:
                target.writestr(each, found)
    return out.getvalue()


def test_what_an_export_writes_is_taken():
    assert judged(an_archive()) == ""


@pytest.mark.parametrize(
    "name",
    ["../evil", "/etc/passwd", "files/../../evil", "..\\evil", "C:evil", "files/a\\..\\..\\b"],
)
def test_paths_that_lead_out_are_refused(name):
    assert judged(appended(an_archive(), name)) == "unsafe_path"


@pytest.mark.parametrize(
    "name", ["readme.txt", "files/a/b", "files/", "files/a.html", "tables/x.sql", "files/ü"]
)
def test_what_no_export_writes_is_refused(name):
    assert judged(appended(an_archive(), name)) == "unknown_entry"


def test_a_symbolic_link_is_refused():
    link = zipfile.ZipInfo("files/link")
    link.external_attr = 0o120777 << 16
    assert judged(appended(an_archive(), link, b"/etc/passwd")) == "not_a_file"


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_two_entries_of_one_name_are_refused():
    assert judged(appended(an_archive(), layout.table_entry("product_link"))) == "duplicate_entry"


def test_an_encrypted_entry_is_refused():
    archive = bytearray(an_archive())
    at = archive.rfind(b"PK\x01\x02")
    archive[at + 8] |= 1
    assert judged(bytes(archive)) == "encrypted"


def test_an_entry_that_is_packed_in_another_way_is_refused():
    out = io.BytesIO(an_archive())
    with zipfile.ZipFile(out, "a", zipfile.ZIP_BZIP2) as target:
        target.writestr("files/b", b"x" * 1000)
    assert judged(out.getvalue()) == "unknown_compression"


def test_a_zip_bomb_is_refused():
    bomb = appended(an_archive(), "files/bomb", b"\0" * (40 * 1024 * 1024))
    assert len(bomb) < 100_000
    assert judged(bomb) == "zip_bomb"


def test_many_small_bombs_are_one(settings):
    settings.IMPORT_MAX_UNPACKED_BYTES = 1_000_000
    archive = an_archive()
    for number in range(3):
        archive = appended(archive, f"files/b{number}", b"\0" * 400_000)
    assert judged(archive) == "zip_bomb"


def test_an_entry_that_lies_about_its_size_gives_no_more_than_it_says():
    archive = bytearray(appended(an_archive(), "files/b", b"\0" * 1_000_000))
    at = archive.rfind(b"PK\x01\x02")
    struct.pack_into("<L", archive, at + 24, 7)
    assert judged(bytes(archive)) in {"unlisted_entry", "wrong_checksum"}


def test_more_entries_than_are_taken_are_refused_by_the_directory_alone(settings):
    settings.IMPORT_MAX_ENTRIES = 5
    assert judged(an_archive()) == "too_many_entries"


def test_an_archive_above_the_limit_is_refused(settings):
    settings.IMPORT_MAX_BYTES = 100
    assert judged(an_archive()) == "too_large"


@pytest.mark.parametrize("rest", [0.0, 0.3, 0.9, 0.999])
def test_a_truncated_archive_is_refused(rest):
    archive = an_archive()
    assert judged(archive[: int(len(archive) * rest)]) == "not_an_archive"


def test_something_else_is_no_archive():
    assert judged(b"%PDF-1.7" * 1000) == "not_an_archive"


@pytest.mark.parametrize("at", [0.05, 0.2, 0.35])
def test_a_flipped_bit_is_found(at):
    archive = bytearray(an_archive())
    archive[int(len(archive) * at)] ^= 0x10
    assert judged(bytes(archive)) != ""


def test_a_changed_row_is_found():
    rows = b'{"id": 1}\n'
    assert judged(replaced(an_archive(), "tables/product_link.jsonl", rows)) in {
        "wrong_size",
        "bad_row",
    }


def test_a_changed_file_is_found():
    assert judged(replaced(an_archive(), f"files/{FILE}", b"c0ntent")) == "wrong_checksum"
    assert judged(replaced(an_archive(), f"files/{FILE}", b"more content")) == "wrong_size"


def test_a_changed_manifest_of_our_own_is_found():
    archive = an_archive()
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        manifest = json.loads(opened.read(layout.MANIFEST))
    manifest["workspace"]["name"] = "Another"
    changed = replaced(archive, layout.MANIFEST, json.dumps(manifest).encode())
    assert judged(changed) == "tampered"
    assert judged(an_archive(sign=False)) == "tampered"


def test_the_manifest_of_another_installation_needs_no_signature_of_ours():
    elsewhere = an_archive(manifest=lambda said: said.update(made_by="elsewhere"), sign=False)
    assert judged(elsewhere) == ""


@pytest.mark.parametrize("content", [None, b"", b"[]", b"{", b'{"format": 1}', b"\xff"])
def test_without_a_manifest_it_is_refused(content):
    assert judged(replaced(an_archive(), layout.MANIFEST, content)) == "no_manifest"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"format": "tarball"}, "unknown_format"),
        ({"version": 2}, "newer_format"),
        ({"product": "another"}, "another_product"),
        ({"files": {"count": 2, "bytes": 7, "missing": []}}, "wrong_count"),
        ({"tables": {"product_file": {}}}, "unknown_table"),
    ],
)
def test_a_manifest_that_does_not_fit_is_refused(change, reason):
    assert judged(an_archive(manifest=lambda said: said.update(change))) == reason


@pytest.mark.parametrize(
    ("table", "columns", "reason"),
    [
        ("product_link", {"added": "text"}, "unknown_column"),
        ("product_link", {"code": "integer"}, "other_column_type"),
        ("product_link", {"code": None}, "missing_column"),
        ("pg_catalog", {"x": "text"}, "missing_entry"),
    ],
)
def test_tables_that_are_other_ones_here_are_refused(table, columns, reason):
    def change(said: dict[str, Any]) -> None:
        of_table = said["tables"].setdefault(table, {})
        of_table.update(columns)
        said["tables"][table] = {name: kind for name, kind in of_table.items() if kind}

    assert judged(an_archive(manifest=change)) == reason


def test_a_table_that_nobody_knows_is_refused():
    rows = {**ROWS, "product_secret": [{"id": 1}]}
    change = {"product_secret": {"id": "integer"}}
    assert (
        judged(an_archive(rows, manifest=lambda said: said["tables"].update(change)))
        == "unknown_table"
    )


def test_an_older_archive_without_a_column_that_may_be_empty_is_taken():
    rows = {
        table: [{k: v for k, v in row.items() if k != "request_key"} for row in found]
        for table, found in ROWS.items()
    }
    older = an_archive(
        rows, manifest=lambda said: said["tables"]["product_link"].pop("request_key")
    )
    assert judged(older) == ""


def test_an_entry_beside_the_manifest_is_refused():
    assert judged(appended(an_archive(), "shared/more.jsonl")) == "unlisted_entry"
    assert judged(appended(an_archive(), "files/more")) == "unlisted_entry"


@pytest.mark.parametrize("name", ["tables/product_link.jsonl", f"files/{FILE}", "files.jsonl"])
def test_an_entry_that_is_not_there_is_missed(name):
    assert judged(replaced(an_archive(), name, None)) == "missing_entry"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"code": "<script>"}, "bad_value"),
        ({"target_url": "javascript:alert(1)"}, "bad_value"),
        ({"request_key": "0" * 64}, "bad_value"),
        ({"more": 1}, "bad_row"),
        ({"code": 7}, "bad_value"),
    ],
)
def test_a_row_that_no_page_would_have_made_is_refused(change, reason):
    rows = {**ROWS, "product_link": [{**ROWS["product_link"][0], **change}]}
    assert judged(an_archive(rows)) == reason


@pytest.mark.parametrize("line", [b"[]", b"{", b"null", b"\xff\xfe", b"[" * 100_000, b""])
def test_a_line_that_is_no_row_is_refused(line):
    assert judged(an_archive({**ROWS, "product_link": [line]})) == "bad_row"


def test_a_line_without_end_is_refused():
    endless = os.urandom(9 * 1024 * 1024).hex().encode()  # random: else its ratio gives it away
    rows = {**ROWS, "product_link": [b'{"code": "' + endless + b'"}']}
    assert judged(an_archive(rows)) == "bad_row"


def test_a_row_may_name_only_files_of_the_archive():
    row = {**ROWS["product_file"][0], "storage_key": "../../other/file"}
    assert judged(an_archive({**ROWS, "product_file": [row]})) == "missing_file"


def test_wrong_counts_are_refused():
    def change(said: dict[str, Any]) -> None:
        said["entries"]["tables/product_link.jsonl"]["lines"] = 4

    assert judged(an_archive(manifest=change)) == "wrong_count"


def test_every_reason_has_words_for_people():
    assert all(words.endswith(".") for words in REASONS.values())
    refused = ArchiveRefused("zip_bomb", "files/a")
    assert str(refused) == f"{REASONS['zip_bomb']} (files/a)"
