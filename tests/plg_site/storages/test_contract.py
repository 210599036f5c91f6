"""What callers rely on holds for folders and for a bucket alike."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import Storage
from django.core.files.storage import storages as configured
from django.http import FileResponse

from plg_site.configuration.storages import Bucket, storages


@pytest.fixture(params=["folders", "bucket"])
def storage(
    request: pytest.FixtureRequest, settings: SimpleNamespace, tmp_path: Path
) -> Callable[[str], Storage]:
    """The storage of a name."""
    shared: Bucket | None = None
    if request.param == "bucket":
        shared = request.getfixturevalue("shared_bucket")
    static = settings.STORAGES["staticfiles"]["BACKEND"]
    settings.MEDIA_ROOT = str(tmp_path / "media")
    settings.STORAGES = storages(shared, state=tmp_path, static=static)
    return lambda name: configured[name]


EACH = pytest.mark.parametrize("name", ["default", "exports", "workspaces"])


def its_name(name: str) -> str:
    return f"{'w_0123456789abcdef0123456789abcdef' if name == 'workspaces' else 'exports'}/one"


@EACH
def test_what_is_saved_is_read_again_byte_by_byte(storage, name) -> None:
    content = bytes(range(256)) * 5_000
    saved = storage(name).save(its_name(name), ContentFile(content))
    assert saved == its_name(name)
    assert storage(name).exists(saved)
    assert storage(name).size(saved) == len(content)
    with storage(name).open(saved) as file:
        assert file.read() == content


def test_a_text_keeps_all_its_letters(storage) -> None:
    text = "Grüße, 世界, ✓" * 100
    name = storage("default").save("words.txt", ContentFile(text.encode()))
    with storage("default").open(name) as file:
        assert file.read().decode() == text


@EACH
def test_a_second_file_of_a_name_leaves_the_first_as_it_was(storage, name) -> None:
    first = storage(name).save(its_name(name), ContentFile(b"first"))
    second = storage(name).save(its_name(name), ContentFile(b"second"))
    assert first != second
    with storage(name).open(first) as file:
        assert file.read() == b"first"


@EACH
def test_what_is_not_there_is_said_as_a_disk_says_it(storage, name) -> None:
    nothing = its_name(name)
    assert not storage(name).exists(nothing)
    storage(name).delete(nothing)
    with pytest.raises(FileNotFoundError):
        storage(name).open(nothing)
    with pytest.raises(FileNotFoundError):
        storage(name).size(nothing)


@EACH
def test_a_deleted_file_is_gone(storage, name) -> None:
    saved = storage(name).save(its_name(name), ContentFile(b"soon gone"))
    storage(name).delete(saved)
    assert not storage(name).exists(saved)


def test_a_folder_lists_what_it_has(storage) -> None:
    for each in ("a/one", "a/two", "a/b/three"):
        storage("exports").save(each, ContentFile(b"x"))
    folders, files = storage("exports").listdir("a")
    assert (folders, sorted(files)) == (["b"], ["one", "two"])


def test_an_archive_is_opened_where_it_lies(storage) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as out:
        for number in range(3):
            out.writestr(f"{number}.bin", bytes([number]) * 900_000)
    packed.seek(0)
    name = storage("exports").save("exports/archive.zip", ContentFile(packed.read()))
    with storage("exports").open(name) as file, zipfile.ZipFile(file) as found:
        assert found.read("2.bin") == bytes([2]) * 900_000
        assert found.read("0.bin") == bytes(900_000)


def test_a_download_says_its_length(storage) -> None:
    name = storage("exports").save("exports/one", ContentFile(b"0123456789" * 300_000))
    answer = FileResponse(storage("exports").open(name), as_attachment=True, filename="a.zip")
    assert answer["Content-Length"] == "3000000"
    assert b"".join(answer) == b"0123456789" * 300_000
