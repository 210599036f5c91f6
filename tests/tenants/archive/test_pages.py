"""Pages of exports and imports: who may, who may not, and what they show."""

from __future__ import annotations

import io
from datetime import timedelta

import pytest
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from tenants.archive import exports
from tenants.models import AuditEntry, Export, Import

PATHS = ["settings/export/", "settings/export/live/"]


@pytest.fixture
def ready(acme, people) -> Export:  # type: ignore[no-untyped-def]
    made = exports.ask(acme, by=people.acme_owner, with_events=False)
    exports.storage().save(made.stored_as, ContentFile(b"PK archive"))
    made.state, made.size, made.sha256 = Export.State.READY, 10, "ab" * 32
    made.finished_at, made.expires_at = timezone.now(), timezone.now() + timedelta(days=1)
    made.save()
    yield made
    exports.storage().delete(made.stored_as)


@pytest.mark.parametrize("path", PATHS)
def test_owners_see_exports_and_members_do_not(client_for, people, acme, path):
    assert client_for(people.acme_owner, acme).get(f"/{path}").status_code == 200
    assert client_for(people.acme_member, acme).get(f"/{path}").status_code == 403


def test_an_owner_downloads_an_archive_and_the_audit_log_says_so(client_for, people, acme, ready):
    response = client_for(people.acme_owner, acme).get(f"/settings/export/{ready.pk}/download/")
    assert b"".join(response.streaming_content) == b"PK archive"
    assert response["Content-Disposition"].startswith('attachment; filename="acme-')
    assert AuditEntry.objects.for_tenant(acme).filter(action="export.downloaded").count() == 1


@pytest.mark.parametrize("who", ["acme_member", "globex_owner", "outsider"])
def test_nobody_else_gets_an_archive(client_for, people, acme, ready, who):
    client = client_for(getattr(people, who), acme)
    assert client.get(f"/settings/export/{ready.pk}/download/").status_code in {403, 404}
    assert client.post(f"/settings/export/{ready.pk}/remove/").status_code in {403, 404}
    assert exports.storage().exists(ready.stored_as)


def test_an_archive_of_another_workspace_is_not_found(client_for, people, globex, ready):
    client = client_for(people.globex_owner, globex)
    assert client.get(f"/settings/export/{ready.pk}/download/").status_code == 404


def test_after_its_time_an_archive_is_gone(client_for, people, acme, ready):
    exports.tend(now=timezone.now() + timedelta(days=2))
    assert not exports.storage().exists(ready.stored_as)
    response = client_for(people.acme_owner, acme).get(f"/settings/export/{ready.pk}/download/")
    assert response.status_code == 410


def test_an_owner_may_remove_an_archive_before(client_for, people, acme, ready):
    client_for(people.acme_owner, acme).post(f"/settings/export/{ready.pk}/remove/")
    assert not exports.storage().exists(ready.stored_as)
    assert Export.objects.get(pk=ready.pk).state == Export.State.EXPIRED


def test_asking_twice_makes_one(client_for, people, acme):
    client = client_for(people.acme_owner, acme)
    for _ in range(2):
        assert client.post("/settings/export/").status_code == 302
    assert Export.objects.for_tenant(acme).count() == 1
    assert "Being made" in client.get("/settings/export/").content.decode()


def an_upload(content: bytes = b"no archive") -> SimpleUploadedFile:
    return SimpleUploadedFile("archive.zip", content, "application/zip")


def test_an_archive_is_brought_and_its_page_is_nobody_elses(client_for, people):
    client = client_for(people.outsider)
    response = client.post("/workspaces/import/", {"file": an_upload(), "name": "New"})
    [brought] = Import.objects.filter(owner=people.outsider)
    assert response["Location"] == f"/workspaces/import/{brought.pk}/"
    assert "being checked" in client.get(response["Location"]).content.decode()
    assert client_for(people.acme_owner).get(response["Location"]).status_code == 404
    assert client_for().get(response["Location"]).status_code == 302
    exports.storage().delete(brought.stored_as)


def test_why_an_archive_was_refused_is_said_in_words(client_for, people):
    refused = Import.objects.create(
        owner=people.outsider, state="refused", reason="zip_bomb", words="It would unpack to more."
    )
    page = client_for(people.outsider).get(f"/workspaces/import/{refused.pk}/").content.decode()
    assert "Nothing was written" in page
    assert "It would unpack to more." in page


def test_more_than_is_taken_is_refused_without_being_kept(client_for, people, settings):
    settings.IMPORT_MAX_BYTES = 1000
    response = client_for(people.outsider).post(
        "/workspaces/import/", {"file": an_upload(b"x" * 200_000)}
    )
    assert response.status_code == 413
    assert not Import.objects.filter(owner=people.outsider).exists()


def test_bringing_needs_an_account_with_a_verified_address(client_for, people):
    assert client_for().post("/workspaces/import/", {"file": an_upload()}).status_code == 302
    people.outsider.emailaddress_set.update(verified=False)
    response = client_for(people.outsider).post("/workspaces/import/", {"file": an_upload()})
    assert response.status_code == 403
    assert not Import.objects.filter(owner=people.outsider).exists()


def test_a_form_from_another_site_brings_nothing(client_for, people):
    client = client_for(people.outsider, enforce_csrf_checks=True)
    response = client.post("/workspaces/import/", {"file": io.BytesIO(b"x")})
    assert response.status_code == 403
