"""A workspace of its own for each test, and a Stripe that answers over HTTP."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from types import SimpleNamespace
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
import stripe as sdk
from allauth.account.models import EmailAddress
from django.conf import settings
from django.db import connection, transaction
from django.http import HttpResponse
from django.test import Client

from billing import entitlements, stripe_client, upkeep
from billing.models import Account, MeteredPeriod, MeterExport, UsageCharge, UsageInvoice
from billing.selling import pushing
from billing.subscriptions import subscription
from events.models import OutboxEvent
from events.store import get_store
from identity.models import User
from metering.models import Ledger, Statement
from metering.quotas import limits
from tenants.models import Membership, Role, Tenant
from tenants.signing_up import provisioning
from tests.billing.simulated import Delivery, Mailbox, Simulator, pay

SECRET = "whsec_" + "s" * 32
KEY = "sk_test_" + "k" * 24


@pytest.fixture(scope="session")
def mailbox() -> Mailbox:
    return Mailbox()


@pytest.fixture(scope="session")
def simulator(tmp_path_factory: pytest.TempPathFactory, mailbox: Mailbox) -> Iterator[Simulator]:
    server = mailbox.open()
    folder = tmp_path_factory.mktemp("stripe")
    url = f"http://127.0.0.1:{server.server_port}/"
    simulator = Simulator(folder, webhook_url=url, secret=SECRET)
    yield simulator
    simulator.stop()
    server.shutdown()


@pytest.fixture
def stripe(simulator: Simulator, settings: SimpleNamespace) -> Iterator[sdk.StripeClient]:
    """The application talks to the simulator, whose catalogue is ours; a client to look inside."""
    settings.STRIPE_API_HOST = simulator.url
    settings.STRIPE_LIVE_SECRET_KEY, settings.STRIPE_TEST_SECRET_KEY = "", KEY
    settings.STRIPE_LIVE_MODE = False
    stripe_client.configure()
    entitlements.forget_all()
    if not simulator.has_catalogue:
        pushing.push()
        simulator.has_catalogue = True
    yield stripe_client.client()
    stripe_client.configure()


@dataclass
class Shop:
    """A workspace with its people's browsers, and what happened to it."""

    tenant: Tenant
    owner: Client
    member: Client

    @property
    def account(self) -> Account:
        return Account.objects.get(tenant=self.tenant)

    @property
    def customer(self) -> str:
        return self.account.stripe_customer_id or ""

    def limit(self, meter: str) -> int | None:
        return limits.of(self.tenant)[meter].value

    def start_checkout(self, plan: str = "pro", interval: str = "month") -> str:
        """The address of Stripe's page."""
        answer = self.owner.post("/billing/checkout/", {"plan": plan, "interval": interval})
        assert answer.status_code == 303, answer.content.decode()
        return answer["Location"]

    def pay(self, plan: str = "pro", interval: str = "month") -> str:
        """Pay on Stripe's page; the path to return to, which nobody has opened yet."""
        back = urlsplit(pay(self.start_checkout(plan, interval)))
        return f"{back.path}?{back.query}"

    def buy(self, plan: str = "pro", interval: str = "month") -> None:
        self.owner.get(self.pay(plan, interval))
        assert self.account.plan_key == plan

    def look(self, **choice: object) -> str:
        """The page of a change: what it costs."""
        answer = self.owner.get("/billing/change/", {"interval": "month", **choice})
        assert answer.status_code == 200, answer.content.decode()
        return answer.content.decode()

    def confirm(self, page: str) -> HttpResponse:
        """Confirm what a page of a change offers."""
        offer = re.search(r'name="offer" value="([^"]+)"', page)
        assert offer, page
        return self.owner.post("/billing/change/", {"offer": offer[1]})

    def change(self, **choice: object) -> None:
        """Look at a change, and confirm it."""
        answer = self.confirm(self.look(**choice))
        assert answer.status_code == 302, answer.content.decode()

    def becomes(self, stripe: sdk.StripeClient, price: str, *, seats: int = 1) -> None:
        """Changed at Stripe to the price of this lookup key, at once and prorated; then we hear of it."""
        found = subscription.newest(self.customer)
        assert found is not None
        [item] = found["items"].data
        priced = stripe.v1.prices.list({"lookup_keys": [price]}).data[0]
        changed = {"id": item.id, "price": priced.id, "quantity": seats}
        stripe.v1.subscriptions.update(found.id, {"items": [changed]})
        subscription.sync(self.account, origin=Account.Origin.EVENT)

    def page(self) -> str:
        return self.owner.get("/billing/").content.decode()

    def recorded(self, name: str) -> list[dict[str, object]]:
        """The properties of the events of this name that the store has kept. The schema of an
        earlier test was rolled back and is this one's now, hence the time."""
        with get_store().connection() as connection:
            rows = connection.execute(
                """SELECT properties FROM event
                   WHERE tenant = %s AND name = %s AND received_at >= %s ORDER BY received_at""",
                [self.tenant.schema_name, name, self.tenant.created_at],
            ).fetchall()
        return [row[0] for row in rows]


@pytest.fixture
def shop(
    acme: Tenant, people: SimpleNamespace, client_for: Callable[..., Client], stripe: object
) -> Shop:
    """A new workspace. Stripe remembers what the database rolls back, so none is used twice."""
    wanted = provisioning.NewWorkspace(name="Test shop", slug=f"shop-{uuid4().hex[:12]}")
    tenant = provisioning.create_workspace(wanted, owner=people.acme_owner)
    Membership.objects.create(tenant=tenant, user=people.acme_member, role=Role.MEMBER)
    OutboxEvent.objects.all().delete()
    return Shop(
        tenant, client_for(people.acme_owner, tenant), client_for(people.acme_member, tenant)
    )


@pytest.fixture
def open_shop(committed: None, stripe: object) -> Iterator[Callable[[], Shop]]:
    """`open_shop()` is a new pair of browsers on one workspace, whose rows are committed: for
    what happens at the same moment."""
    email = f"{uuid4().hex}@clicks.example"
    owner = User.objects.create_user(email, "correct horse")
    EmailAddress.objects.create(user=owner, email=email, primary=True, verified=True)
    wanted = provisioning.NewWorkspace(name="Clicks", slug=f"clicks-{uuid4().hex[:12]}")
    tenant = provisioning.create_workspace(wanted, owner=owner)

    def browsers() -> Shop:
        host = f"{tenant.slug}.{settings.APP_DOMAIN}{settings.PUBLIC_PORT_SUFFIX}"
        shop = Shop(tenant, Client(headers={"host": host}), Client(headers={"host": host}))
        shop.owner.force_login(owner)
        return shop

    yield browsers
    with connection.cursor() as cursor:
        cursor.execute(f'DROP SCHEMA "{tenant.schema_name}" CASCADE')
    OutboxEvent.objects.filter(payload__contains=tenant.schema_name).delete()
    tenant.delete()
    owner.delete()


@pytest.fixture
def forgettable(open_shop: Callable[[], Shop]) -> Iterator[Callable[[], Shop]]:
    """`open_shop`, whose statements go with it; nothing but a test may do that."""
    opened: list[Shop] = []

    def browsers() -> Shop:
        opened.append(open_shop())
        return opened[-1]

    yield browsers
    tenants = {shop.tenant.pk for shop in opened}
    for model in (MeterExport, UsageCharge, UsageInvoice, MeteredPeriod, Ledger):
        model.objects.filter(tenant_id__in=tenants)._raw_delete("default")
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE metering_statement DISABLE TRIGGER immutable")
        Statement.objects.filter(tenant_id__in=tenants)._raw_delete("default")
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE metering_statement ENABLE TRIGGER immutable")


def at_once(*actions: Callable[[], object]) -> list[object]:
    """Run the actions at the same moment, each on a connection of its own; their results."""

    def run(action: Callable[[], object]) -> object:
        try:
            return action()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(actions)) as pool:
        return list(pool.map(run, actions))


def customers_of(tenant: Tenant, stripe: sdk.StripeClient) -> list[sdk.Customer]:
    """The customers that Stripe has for a workspace."""
    found = stripe.v1.customers.list({"limit": 100}).auto_paging_iter()
    return [one for one in found if (one.metadata or {}).get("tenant") == str(tenant.pk)]


@pytest.fixture
def deliver(
    settings: SimpleNamespace, client_for: Callable[..., Client], stripe: object
) -> Callable[..., object]:
    """`deliver(delivery)`: hand a webhook to the application. Its signature, address and time
    can be replaced."""
    settings.STRIPE_WEBHOOK_UUID = str(uuid4())
    settings.STRIPE_WEBHOOK_SECRET = SECRET
    site = client_for()

    def post(
        delivery: Delivery, *, signature: str | None = None, uuid: str | None = None
    ) -> object:
        answer = site.post(
            f"/stripe/webhook/{uuid or settings.STRIPE_WEBHOOK_UUID}/",
            delivery.body,
            content_type="application/json",
            headers={"stripe-signature": signature or delivery.signature},
        )
        upkeep.work_off_inbox()  # as the worker, which the webhook wakes
        return answer

    return post
