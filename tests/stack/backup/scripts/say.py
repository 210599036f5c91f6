"""Prints what this installation says of a workspace: what it used, its links, files and people.

say.py SLUG
"""

import json
import sys

import django

django.setup()

from django.core.files.storage import storages  # noqa: E402
from django_tenants.utils import tenant_context  # noqa: E402

from metering.asking import usage  # noqa: E402
from product.models import File, Link  # noqa: E402
from tenants.models import ApiKey, Membership, Tenant  # noqa: E402

tenant = Tenant.objects.get(slug=sys.argv[1])
said = {
    "used": {each.meter.key: each.used for each in usage.levels(tenant)},
    "members": sorted(Membership.objects.for_tenant(tenant).values_list("user__email", "role")),
    "keys": list(ApiKey.objects.for_tenant(tenant).values_list("name", flat=True)),
}
with tenant_context(tenant):
    said["links"] = sorted(Link.objects.values_list("code", "title", "target_url", "is_sample"))
    said["files"] = {}
    for file in File.objects.all():
        with storages["workspaces"].open(file.storage_key) as content:
            said["files"][file.name] = content.read().hex()
print(json.dumps(said))
