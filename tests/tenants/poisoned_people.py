"""Work over people and workspaces of which one is poisoned; each says whether the other one was done."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any
from unittest import mock

from allauth.account.models import EmailAddress

from events.health import Lag
from identity.models import Merge, User
from metering import alerts, statements
from metering.alerts import telling
from metering.models import Alert, Ledger
from metering.statements import closing
from tenants.life import deletion, unproved
from tenants.models import Status, Tenant
from tenants.pool import preparing, schemas
from tenants.signals import workspace_needed
from tenants.tasks import look_after_lives
from tests.tenants.archive import world
from tests.tenants.poison import NOW, of_bad, poisoned


def unproved_sign_ups(two: SimpleNamespace, **said: Any) -> None:
    """Both are old, and nobody has proved or used them."""
    long_ago = NOW - timedelta(days=60)
    EmailAddress.objects.filter(user=two.owner).update(verified=False)
    User.objects.filter(pk=two.owner.pk).update(last_login=None, date_joined=long_ago)
    ours = Tenant.objects.filter(pk__in=[t.pk for t in two.both])
    ours.update(created_at=long_ago, **said)


def warns_the_unproved(two: SimpleNamespace) -> bool:
    unproved_sign_ups(two)

    def asked(tenant: Tenant, **_: Any) -> bool:
        if tenant.pk == two.bad.pk:
            raise LookupError("poisoned")
        return False

    workspace_needed.connect(asked)
    try:
        unproved.look_after(now=NOW)
    finally:
        workspace_needed.disconnect(asked)
    return Tenant.objects.get(pk=two.good.pk).unproved_warned_at is not None


def ends_the_unproved(two: SimpleNamespace) -> bool:
    unproved_sign_ups(two, unproved_warned_at=NOW - timedelta(days=20))
    with poisoned(Tenant, of_bad(two)):
        unproved.look_after(now=NOW)
    return Tenant.objects.get(pk=two.good.pk).status == "deleted"


def forgets_the_unproved(two: SimpleNamespace) -> bool:
    bad, good = (world.a_person("idle") for _ in "ab")
    long_ago = NOW - timedelta(days=60)
    EmailAddress.objects.filter(user__in=[bad, good]).update(verified=False)
    User.objects.filter(pk__in=[bad.pk, good.pk]).update(date_joined=long_ago)
    with poisoned(User, lambda row: row.pk == bad.pk):
        unproved.look_after(now=NOW)
    return not User.objects.filter(pk=good.pk).exists()


def forgets_the_joined(two: SimpleNamespace) -> bool:
    bad, good = (world.a_person("joined") for _ in "ab")
    for user in (bad, good):
        Merge.objects.create(kept=two.owner, merged=user, at=NOW - timedelta(days=60), moved={})
    with (
        poisoned(User, lambda row: row.pk == bad.pk),
        mock.patch.object(deletion, "warn"),
        mock.patch.object(unproved, "look_after"),
    ):
        look_after_lives()
    return not User.objects.filter(pk=good.pk).exists()


def _only_good(two: SimpleNamespace, seen: list[object]) -> Callable[..., Any]:
    """In the place of a function that gets a workspace or its key: of others it does nothing."""

    def work(given: Any, **_: Any) -> Any:
        key = getattr(given, "pk", given)
        if key == two.bad.pk:
            raise LookupError("poisoned")
        seen.append(key)
        return []

    return work


def looks_for_alerts(two: SimpleNamespace) -> bool:
    seen: list[object] = []
    for tenant in two.both:  # who has chosen an alert is looked at alone
        Alert.objects.create(tenant=tenant, meter="seats", percent=50)
        alerts.look_soon(tenant)
    with mock.patch.object(telling, "evaluate", _only_good(two, seen)):
        alerts.evaluate_changed()
    return two.good.pk in seen


def opens_ledgers(two: SimpleNamespace) -> bool:
    Ledger.objects.filter(pk__in=[t.pk for t in two.both]).delete()
    with poisoned(Ledger, of_bad(two)):
        statements.close_due(now=NOW, lag=Lag)
    return Ledger.objects.filter(tenant=two.good).exists()


def closes_periods(two: SimpleNamespace) -> bool:
    seen: list[object] = []
    statements.close_due(now=NOW, lag=Lag)  # opens their ledgers
    with mock.patch.object(closing, "_close_next", _only_good(two, seen)):
        statements.close_due(now=NOW + timedelta(days=40), lag=Lag)
    return two.good.pk in seen


def prepares(two: SimpleNamespace) -> bool:
    Tenant.objects.filter(pk__in=[t.pk for t in two.both]).update(status=Status.PREPARING)

    def make(name: str, **_: Any) -> None:
        if name == two.bad.schema_name:
            raise LookupError("poisoned")

    with mock.patch.object(schemas, "make", make):
        preparing.prepare_all()
    return Tenant.objects.get(pk=two.good.pk).status == Status.ACTIVE
