"""Run in the environment of a stack: a workspace with a key and a short link; says so as JSON."""

from __future__ import annotations

import json
import sys

import django

LINKS = 30  # the hard limit


def main(slug: str) -> dict[str, str]:
    from django_tenants.utils import tenant_context

    from identity.models import User
    from metering.quotas import limits
    from product import links
    from tenants.keys import api_keys
    from tenants.signing_up import provisioning

    owner = User.objects.create_user(f"owner@{slug}.example", "correct horse", name="Owner")
    wanted = provisioning.NewWorkspace(name=slug, slug=slug)
    tenant = provisioning.create_workspace(wanted, owner=owner)
    limits.set_limits(tenant, {"links": LINKS})
    _, key = api_keys.create(tenant, name="load", user=owner)
    with tenant_context(tenant):
        target = links.NewLink(target_url="https://example.com/", code="survive")
        links.create_link(tenant, target, person_id=None)
    return {"schema": tenant.schema_name, "slug": slug, "key": key, "code": "survive"}


if __name__ == "__main__":
    django.setup()
    print(json.dumps(main(sys.argv[1])))
