"""While the bucket does not answer, a page that needs a file says so, and nothing is half done."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from plg_site.configuration.storages import Bucket, storages
from product.models import File


@pytest.fixture
def away(settings):
    nobody = Bucket(name="nobody", region="us-east-1", endpoint="http://127.0.0.1:1",
                    access_key="a", secret_key="b")  # fmt: skip
    settings.STORAGES = storages(
        nobody, state=Path("/nowhere"), static=settings.STORAGES["staticfiles"]["BACKEND"]
    )


def test_an_upload_is_refused_in_words_and_leaves_no_row(member, in_acme, away):
    with in_acme():
        before = File.objects.count()
    answer = member.post("/files/", {"file": SimpleUploadedFile("a.txt", b"words")})
    assert answer.status_code == 503
    assert answer["Retry-After"]
    assert "try again" in answer.content.decode().lower()
    with in_acme():
        assert File.objects.count() == before
    assert member.get("/files/").status_code == 200, "the list needs no file"


def test_the_api_says_it_as_a_problem(api, away):
    answer = api.client.post(
        "/api/v1/files",
        {"file": SimpleUploadedFile("a.txt", b"words")},
        headers={"Authorization": f"Bearer {api.key}"},
    )
    assert answer.status_code == 503
    assert answer["Content-Type"].startswith("application/problem+json")
