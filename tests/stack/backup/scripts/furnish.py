"""Makes an installation with a workspace that is used, and so many schemas with rows.

    furnish.py SCHEMAS

Prints what the workspace is called inside.
"""

import json
import sys

import django

django.setup()

from allauth.account.models import EmailAddress  # noqa: E402
from django.core.files.uploadedfile import SimpleUploadedFile  # noqa: E402
from django_tenants.utils import schema_context, tenant_context  # noqa: E402

from identity.models import User  # noqa: E402
from identity.persons import person_of  # noqa: E402
from plg_site.operating import preparation, versions  # noqa: E402
from product import files, links  # noqa: E402
from product.models import Link  # noqa: E402
from tenants.keys import api_keys  # noqa: E402
from tenants.members import add_member  # noqa: E402
from tenants.models import PoolSchema, Role  # noqa: E402
from tenants.pool import refill  # noqa: E402
from tenants.signing_up import provisioning  # noqa: E402

wanted = int(sys.argv[1])
preparation.shared_tables()
versions.begin()
preparation.event_store()
refill(size=wanted + 1)
versions.finish()


def person(email: str, name: str) -> User:
    user = User.objects.create_user(email, "correct horse battery", name=name)
    EmailAddress.objects.create(user=user, email=email, primary=True, verified=True)
    return user


owner, member = person("mia@meadow.example", "Mia"), person("noa@meadow.example", "Noa")
new = provisioning.NewWorkspace(name="Meadow", slug="meadow")
meadow = provisioning.create_workspace(new, owner=owner)
add_member(meadow, user=member, role=Role.MEMBER)
api_keys.create(meadow, name="nightly", user=owner)
with tenant_context(meadow):
    who = person_of(owner).id
    for number in range(3):
        target = links.NewLink(target_url=f"https://example.com/{number}", title=f"Way {number}")
        links.create_link(meadow, target, person_id=who)
    plan = SimpleUploadedFile("plan.bin", bytes(range(256)) * 40)
    files.store_file(meadow, plan, person_id=who)
for schema in PoolSchema.objects.values_list("schema_name", flat=True):
    with schema_context(schema):
        Link.objects.bulk_create(
            Link(code=f"{schema[-6:]}{number}", target_url=f"https://{schema}.example/{number}")
            for number in range(5)
        )
print(json.dumps(meadow.schema_name))
