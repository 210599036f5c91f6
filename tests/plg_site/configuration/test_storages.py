"""STORAGE_URL: what it may say, and that a mistake is named without its secrets."""

from __future__ import annotations

import os

import pytest
from django.core.exceptions import ImproperlyConfigured

from plg_site.configuration import env
from plg_site.configuration.storages import Bucket, bucket


@pytest.fixture
def said(monkeypatch):
    def say(url: str, **more: str) -> Bucket | None:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            monkeypatch.delenv(name, raising=False)
        for name, value in {"STORAGE_URL": url, **more}.items():
            monkeypatch.setenv(name, value)
        found = bucket()
        env.refuse_wrong()
        return found

    return say


def test_none_means_folders(said) -> None:
    assert said("") is None


def test_a_bucket_with_all_that_can_be_said_of_it(said, tmp_path) -> None:
    (tmp_path / "secret").write_text("s3cr3t\n")
    found = said(
        "s3://files.example/plg/eu?region=eu-central-1&endpoint=https://objects.example.com",
        AWS_ACCESS_KEY_ID="key",
        AWS_SECRET_ACCESS_KEY_FILE=str(tmp_path / "secret"),
    )
    assert found == Bucket(
        name="files.example", prefix="plg/eu", region="eu-central-1",
        endpoint="https://objects.example.com", access_key="key", secret_key="s3cr3t",
    )  # fmt: skip
    assert found.folder("media") == "plg/eu/media"
    os.environ.pop("AWS_SECRET_ACCESS_KEY_FILE", None)


@pytest.mark.parametrize(
    "url",
    [
        "https://bucket.s3.amazonaws.com",
        "s3://UP/x",
        "s3://bucket/../else",
        "s3://key:secret@bucket",
        "s3://bucket?regoin=eu",
        "s3://bucket?endpoint=objects.example.com",
    ],
)
def test_a_mistake_is_named_and_its_value_is_not_repeated(said, url: str) -> None:
    with pytest.raises(ImproperlyConfigured) as refused:
        said(url)
    assert "STORAGE_URL" in str(refused.value)
    assert "secret" not in str(refused.value)
