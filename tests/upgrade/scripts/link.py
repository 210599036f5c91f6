"""A workspace with a short link, made by this commit; says how it is reached as JSON."""

import json

import django

django.setup()

from django_tenants.utils import tenant_context  # noqa: E402

from identity.models import User  # noqa: E402
from product import links  # noqa: E402
from tenants.signing_up import provisioning  # noqa: E402

owner = User.objects.create_user("owner@rolling.example", "correct horse", name="Owner")
wanted = provisioning.NewWorkspace(name="Rolling", slug="rolling")
tenant = provisioning.create_workspace(wanted, owner=owner)
with tenant_context(tenant):
    target = links.NewLink(target_url="https://example.com/", code="survive")
    links.create_link(tenant, target, person_id=None)
said = {"schema": tenant.schema_name, "slug": "rolling", "key": "", "code": "survive"}
print(json.dumps(said))
