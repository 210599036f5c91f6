"""So many workspaces that nobody owns, and one with a short link, each with a schema of this commit.

    fleet.py COUNT

Says, as JSON, how the one is reached.
"""

import json
import sys

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.db import transaction  # noqa: E402
from django_tenants.utils import tenant_context  # noqa: E402

from identity.models import User  # noqa: E402
from product import links  # noqa: E402
from tenants.models import Domain, Tenant  # noqa: E402
from tenants.pool import fingerprints, schemas, templates  # noqa: E402
from tenants.signing_up import provisioning  # noqa: E402

template, replay = templates.listed()[0], schemas.script()
for number in range(int(sys.argv[1])):
    with transaction.atomic():
        name, slug = schemas.new_name(), f"fleet-{number:05}"
        schemas.make(name, template=template, replay=replay)
        tenant = Tenant(
            name=slug, slug=slug, schema_name=name, fingerprint=fingerprints.of_migrations()
        )
        Tenant.objects.bulk_create([tenant])
        domain = f"{slug}.{settings.SITE_DOMAIN}"
        Domain.objects.bulk_create([Domain(tenant=tenant, domain=domain, is_primary=True)])

owner = User.objects.create_user("owner@rolling.example", "correct horse", name="Owner")
wanted = provisioning.NewWorkspace(name="Rolling", slug="rolling")
tenant = provisioning.create_workspace(wanted, owner=owner)
with tenant_context(tenant):
    target = links.NewLink(target_url="https://example.com/", code="survive")
    links.create_link(tenant, target, person_id=None)
said = {"schema": tenant.schema_name, "slug": "rolling", "key": "", "code": "survive"}
print(json.dumps(said))
