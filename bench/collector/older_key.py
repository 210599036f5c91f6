"""In an older commit's own environment: a workspace's address and a key of its API, printed as JSON."""

import json

import django

django.setup()

from metering import limits  # type: ignore[attr-defined]  # noqa: E402  as it was at that commit
from tenants import api_keys  # type: ignore[attr-defined]  # noqa: E402
from tenants.models import Membership  # noqa: E402

membership = Membership.objects.select_related("tenant", "user").order_by("pk").first()
assert membership is not None  # noqa: S101  the demo's
limits.set_limits(membership.tenant, {})  # its plan has so many calls a month
_, secret = api_keys.create(membership.tenant, name="bench", user=membership.user)
print(json.dumps({"slug": membership.tenant.slug, "key": secret}))
