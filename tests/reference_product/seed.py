"""What a new workspace finds, and what the demo workspace has been doing."""

from __future__ import annotations

from identity.models import User
from identity.persons import person_of
from tenants.models import Tenant
from tests.reference_product import things
from tests.reference_product.models import Thing


def standard() -> None:
    """Furnish the current schema, which is empty. Nobody owns a sample, and no meter counts it."""
    Thing.objects.create(name="A first thing", is_sample=True)


def seed_demo(tenant: Tenant, owner: User) -> None:
    """Fill the demo workspace's schema, which is the current one."""
    person_id = person_of(owner).id
    for name, times in (("Anvil", 12), ("Rocket skates", 5), ("Bird seed", 31)):
        thing = things.add(tenant, name, person_id=person_id)
        for _ in range(times):
            things.use(tenant, thing, person_id=person_id)
