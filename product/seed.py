"""What a new workspace finds, and what the demo workspace has been doing for a month."""

from __future__ import annotations

import hashlib
from pathlib import Path

from django.conf import settings
from django.core.files.base import ContentFile
from django.db import connection

from identity.models import User
from product.files import new_key, storage
from product.models import File, Link
from tenants.models import Tenant

SAMPLE = Path(__file__).parent / "sample" / "welcome-to-signpost.pdf"


def seed_workspace() -> None:
    """Furnish the current schema, which is empty: a sample link, and a sample file with its link.

    Runs while a schema is made for the pool, so nobody owns these and no meter counts them.
    """
    content = SAMPLE.read_bytes()
    schema_name: str = connection.schema_name  # type: ignore[attr-defined] # django-tenants' own
    file = File.objects.create(
        name=SAMPLE.name,
        size=len(content),
        content_type="application/pdf",
        sha256=hashlib.sha256(content).hexdigest(),
        storage_key=storage().save(new_key(schema_name), ContentFile(content)),
        is_sample=True,
    )
    Link.objects.bulk_create(
        [
            Link(
                code="sample",
                title="Where short links come from",
                target_url=f"{settings.SITE_URL}/blog/",
                is_sample=True,
            ),
            Link(code="sample-guide", title="A first guide", file=file, is_sample=True),
        ]
    )


def seed_demo(tenant: Tenant, owner: User) -> None:
    """Fill the current schema with links, files and 30 days of clicks. Safe to run again."""
    from product.demo import fill

    fill(tenant, owner)
