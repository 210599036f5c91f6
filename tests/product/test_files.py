"""Uploading, sharing and deleting files."""

from __future__ import annotations

import hashlib
import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from product.files import clean_content_type, clean_name, storage
from product.models import File, Link
from tests.object_store.kinds import both_storages

pytestmark = both_storages


def upload(name: str = "notes.txt", content: bytes = b"some notes", type: str = "text/plain"):
    return {"file": SimpleUploadedFile(name, content, content_type=type)}


def test_an_upload_is_stored_with_its_size_and_hash(member, in_acme):
    assert member.post("/files/", upload()).status_code == 302
    with in_acme():
        file = File.objects.get(name="notes.txt")
        assert (file.size, file.sha256) == (10, hashlib.sha256(b"some notes").hexdigest())
        assert storage().open(file.storage_key).read() == b"some notes"
    assert "notes.txt" in member.get("/files/").content.decode()


def test_storage_is_counted_in_bytes_and_given_back(member, used, in_acme):
    before = used("storage")
    member.post("/files/", upload(content=b"x" * 1_234))
    assert used("storage") == before + 1_234
    with in_acme():
        file = File.objects.get(name="notes.txt")
    member.post(f"/files/{file.id}/delete/")
    assert used("storage") == before


def test_an_empty_file_is_refused_in_words(member, uploads):
    before = uploads()
    response = member.post("/files/", upload(content=b""))
    assert response.status_code == 422
    assert "This file is empty" in response.content.decode()
    assert uploads() == before


def test_no_file_at_all_is_refused_in_words(member):
    response = member.post("/files/", {})
    assert response.status_code == 422
    assert "Choose a file first" in response.content.decode()


def test_a_file_that_is_too_large_is_refused_and_nothing_is_stored(member, settings, uploads, used):
    settings.UPLOAD_MAX_BYTES = 100_000
    files, before = uploads(), used("storage")
    response = member.post("/files/", upload(content=b"x" * 100_001))
    assert response.status_code == 413
    assert "Nothing was stored" in response.content.decode()
    assert uploads() == files
    assert used("storage") == before


def test_no_more_of_a_huge_upload_is_written_to_disk_than_a_file_may_have(rf, settings):
    from product.uploads import bound

    settings.UPLOAD_MAX_BYTES = 200_000
    request = rf.post("/files/", upload(content=b"x" * 1_000_000))
    bound(request)
    received = request.FILES["file"]
    assert received.size == 1_000_000
    assert received.file.seek(0, 2) <= 200_000


def test_an_upload_without_the_csrf_token_is_refused(people, acme, client_for, in_acme):
    client = client_for(people.acme_owner, acme, enforce_csrf_checks=True)
    assert client.post("/files/", upload()).status_code == 403
    with in_acme():
        assert not File.objects.filter(name="notes.txt").exists()


def test_a_shared_file_gets_a_short_link(member, make_file, in_acme, used):
    before, file = used("links"), make_file(name="plan.pdf")
    response = member.post(f"/files/{file.id}/share/", follow=True)
    with in_acme():
        link = Link.objects.get(file=file)
    assert f"/{link.code}" in response.content.decode()
    assert used("links") == before + 1


def test_deleting_a_file_deletes_its_links_and_its_bytes(
    member, visitor, make_file, make_link, in_acme, used, django_capture_on_commit_callbacks
):
    before, file = used("links"), make_file()
    link = make_link(file=file)
    with django_capture_on_commit_callbacks(execute=True):
        assert member.post(f"/files/{file.id}/delete/").status_code == 302
    assert visitor.get(f"/{link.code}").status_code == 404
    with in_acme():
        assert not storage().exists(file.storage_key)
    assert used("links") == before


def test_bytes_of_a_deleted_file_stay_until_the_deletion_is_committed(
    member, make_file, in_acme, django_capture_on_commit_callbacks
):
    file = make_file()
    with django_capture_on_commit_callbacks(execute=False):
        member.post(f"/files/{file.id}/delete/")
    with in_acme():
        assert storage().exists(file.storage_key)


def test_a_failed_insert_leaves_no_bytes_and_gives_the_room_back(
    acme, make_file, uploads, monkeypatch, leave
):
    from metering.quotas import quota

    leave(storage=100)
    before, room = uploads(), quota.peek(acme, "storage").remaining
    monkeypatch.setattr(File.objects, "create", lambda **_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        make_file(b"hello")
    assert uploads() == before
    assert quota.peek(acme, "storage").remaining == room


def test_two_workspaces_keep_their_files_in_folders_of_their_own(make_file, acme, globex):
    mine, theirs = make_file(b"a", tenant=acme), make_file(b"b", tenant=globex)
    for tenant, file, content in ((acme, mine, b"a"), (globex, theirs, b"b")):
        key = f"{tenant.schema_name}/{file.storage_key.partition('/')[2]}"
        assert storage().open(key).read() == content


def test_the_name_in_the_storage_says_nothing_of_the_file(make_file):
    file = make_file(name="secret-merger.pdf")
    assert "merger" not in file.storage_key


def test_a_name_with_markup_is_shown_as_text(member):
    member.post("/files/", upload(name="<img src=x onerror=alert(1)>.txt"))
    page = member.get("/files/").content.decode()
    assert "<img src=x" not in page
    assert "&lt;img src=x" in page


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("a.txt", "a.txt"),
        ("", "file"),
        ("gpj.\u202eexe", "gpj.exe"),
        ("a\r\nb", "ab"),
        ("x" * 300, "x" * 255),
    ],
)
def test_a_name_cannot_pretend_to_be_another(given, kept):
    assert clean_name(given) == kept


@pytest.mark.parametrize("given", ["", "nonsense", "text/html\r\nX: y", "a/b; charset=x"])
def test_a_content_type_that_is_none_becomes_bytes(given):
    assert clean_content_type(given) == "application/octet-stream"


def test_the_page_of_a_shared_files_link_is_titled_by_the_files_name(member, make_file, in_acme):
    file = make_file(name="price-list.pdf")
    page = member.post(f"/files/{file.id}/share/", follow=True).content.decode()
    assert re.search(r"<h1[^>]*>\s*price-list.pdf", page)
    assert re.search(r"<title>\s*price-list.pdf", page)
