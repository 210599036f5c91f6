"""Staff with and without the right to move money, and a Stripe that can fail."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from types import SimpleNamespace
from uuid import uuid4

import pytest
import stripe as sdk
from allauth.account.models import EmailAddress
from django.contrib.auth.models import Permission
from django.http import HttpResponse
from django.test import Client

from billing import money
from billing.models import MoneyEntry
from identity.models import User
from tests.billing.conftest import Shop
from tests.billing.faults import Faults
from tests.billing.simulated import Simulator

LAST_DAY = date.today() + timedelta(days=60)  # of what is given


def somebody(email: str, *, may_move_money: bool) -> User:
    """Somebody who works here."""
    user = User.objects.create_user(email, "correct horse", name="Sam Staff", is_staff=True)
    EmailAddress.objects.create(user=user, email=email, primary=True, verified=True)
    if may_move_money:
        right = Permission.objects.get(content_type__app_label="billing", codename="move_money")
        user.user_permissions.add(right)
    return user


@dataclass
class Desk:
    """Somebody of the staff, their browser, and the workspace they look at."""

    user: User
    client: Client
    shop: Shop

    def path(self, rest: str) -> str:
        return f"/staff/workspaces/{self.shop.tenant.pk}/{rest}"

    def history(self) -> str:
        return self.client.get(self.path("money/")).content.decode()

    def give(self, **said: str) -> HttpResponse:
        form = {"reason": "They waited.", "until": f"{LAST_DAY:%Y-%m-%d}", **said}
        return self.client.post(self.path("grants/"), form)

    def revoke(self, key: str) -> HttpResponse:
        return self.client.post(self.path(f"grants/{key}/revocation/"))

    def refund(self, payment: MoneyEntry, amount: str, **said: object) -> HttpResponse:
        form = {
            "amount": amount, "reason": "Charged twice.", "key": str(uuid4()), "seen": payment.rest,
            **said,
        }  # fmt: skip
        return self.client.post(self.path(f"refunds/{payment.stripe_id}/"), form)

    def payment(self) -> MoneyEntry:
        money.follow(self.shop.account)
        return MoneyEntry.objects.get(tenant=self.shop.tenant, kind="payment", status="succeeded")


@pytest.fixture
def desk(shop: Shop, client_for: Callable[..., Client]) -> Desk:
    user = somebody("sam@staff.example", may_move_money=True)
    return Desk(user, client_for(user), shop)


@pytest.fixture
def onlooker(shop: Shop, client_for: Callable[..., Client]) -> Desk:
    """Of the staff, without the right."""
    user = somebody("olga@staff.example", may_move_money=False)
    return Desk(user, client_for(user), shop)


@pytest.fixture
def faults(
    simulator: Simulator,
    settings: SimpleNamespace,
    stripe: sdk.StripeClient,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Faults]:
    """The application talks to Stripe through it, and waits for nothing between its tries."""
    made = Faults(simulator.url)
    server = made.open()
    settings.STRIPE_API_HOST = made.url
    monkeypatch.setattr(sdk.HTTPClient, "INITIAL_DELAY", 0.01)
    monkeypatch.setattr(sdk.HTTPClient, "MAX_DELAY", 0.02)
    yield made
    server.shutdown()
