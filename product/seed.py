"""What a new workspace finds (`templates.py` says who gets what), and what the demo workspace has been
doing for a month."""

from __future__ import annotations

import hashlib
from functools import cache

from django.conf import settings
from django.core.files.base import ContentFile
from django.db import connection

from events import new_rows
from identity.models import User
from product.demo import fill
from product.files import SAMPLE, new_key, storage
from product.models import File, Link
from tenants.models import Tenant


def standard() -> None:
    """Furnish the current schema, which is empty: a sample link, and a sample file with its link.

    Runs while a schema is made for the pool, so nobody owns these and no meter counts them.
    """
    guide = _guide()
    new_rows.insert_now(
        guide, _sample("sample", "Where short links come from", _blog()), _to_file(guide)
    )


def campaign() -> None:
    """One page behind three links, one for each channel: which of them brings people?"""
    channels = [
        ("sample-mail", "Spring sale: in our newsletter", "newsletter"),
        ("sample-social", "Spring sale: on social media", "social"),
        ("sample-poster", "Spring sale: as a code on the poster", "poster"),
    ]
    links = [
        _sample(code, title, f"{_blog()}?utm_campaign=spring&utm_source={source}")
        for code, title, source in channels
    ]
    guide = _guide()
    new_rows.insert_now(guide, *links, _to_file(guide))


def files() -> None:
    """A file that can be handed out, and nothing that leads elsewhere."""
    guide = _guide()
    new_rows.insert_now(guide, _to_file(guide, title="Our price list, always the latest one"))


def _guide() -> File:
    content, digest = _sample_file()
    schema_name: str = connection.schema_name  # type: ignore[attr-defined] # django-tenants' own
    return File(
        name=SAMPLE.name,
        size=len(content),
        content_type="application/pdf",
        sha256=digest,
        storage_key=storage().save(new_key(schema_name), ContentFile(content)),
        is_sample=True,
    )


@cache
def _sample_file() -> tuple[bytes, str]:
    """What is in it, and its SHA-256 in hex."""
    content = SAMPLE.read_bytes()
    return content, hashlib.sha256(content).hexdigest()


def _to_file(file: File, *, title: str = "A first guide") -> Link:
    return Link(code="sample-guide", title=title, file=file, is_sample=True)


def _sample(code: str, title: str, target_url: str) -> Link:
    return Link(code=code, title=title, target_url=target_url, is_sample=True)


def _blog() -> str:
    return f"{settings.SITE_URL}/blog/"


def seed_demo(tenant: Tenant, owner: User) -> None:
    """Fill the current schema with links, files and 30 days of clicks. Safe to run again."""
    fill(tenant, owner)
