"""So many workspaces that nobody owns, each with a schema of this commit.

fleet.py COUNT
"""

import json
import sys

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.db import transaction  # noqa: E402

from tenants.models import Domain, Tenant  # noqa: E402
from tenants.pool import fingerprints, schemas, templates  # noqa: E402

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
print(json.dumps(Tenant.objects.count()))
