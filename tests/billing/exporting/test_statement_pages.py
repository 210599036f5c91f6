"""Every usage line opens to its statement, and from there to the events behind it."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace

import pytest
from django.test import Client

from billing import reconciling
from billing.models import Difference
from identity.models import User
from metering.models import Statement
from tests.billing import stated
from tests.billing.exporting.conftest import HOUR, Metered

pytestmark = pytest.mark.django_db


def test_a_line_opens_to_the_statement_and_the_events_add_up_to_it(metered: Metered) -> None:
    metered.skip(1)
    metered.click(60, metered.start + HOUR)
    metered.click(3, metered.start + 2 * HOUR)
    metered.bring()
    metered.skip((metered.period.period_end - metered.start).days - 1)
    metered.bring()
    metered.close(2 * HOUR)
    metered.bring(2 * HOUR)
    tenant, owner = metered.shop.tenant, metered.shop.owner
    found = Statement.objects.get(tenant=tenant, meter="clicks", period_start=metered.start)
    address = f"/billing/statements/{found.number}/"
    assert f'href="{address}"' in metered.shop.page()
    page = owner.get(address).content.decode()
    for words in (
        "This statement is what was sealed",
        found.hash,
        "counted by Stripe",
        "$32.50",  # 60 above 3: five at a dollar and 55 at half of one
        "Stripe has it",
        f"Clicks: statement {found.number}",
        '<nav class="breadcrumbs"',
    ):
        assert words in page
    lines, next_page = 0, f"{address}events/"
    while next_page:
        shown = owner.get(next_page).content.decode()
        assert f"63 events come to 63, as statement {found.number} says." in shown
        lines += shown.count("<time ")
        after = shown.partition("?after=")[2].partition('"')[0]
        next_page = f"{address}events/?after={after}" if after else ""
    assert lines == 63
    for wrong in ("x", "5_x", f"{10**40}_{metered.shop.tenant.pk}"):
        assert owner.get(f"{address}events/", {"after": wrong}).status_code == 404
    Statement.objects.filter(pk=found.pk)  # sealed: nobody changes it
    assert metered.shop.member.get(address).status_code == 403
    assert metered.shop.member.get(f"{address}events/").status_code == 403


def test_a_statement_of_another_workspace_is_not_there(metered: Metered, globex: object) -> None:
    number = Statement.objects.filter(tenant=metered.shop.tenant).count() + 1
    for _ in range(number):
        foreign = stated.statement(globex, 5, month=_)  # type: ignore[arg-type]
    owner = metered.shop.owner
    for path in ("", "events/"):
        assert owner.get(f"/billing/statements/{foreign.number}/{path}").status_code == 404
        assert Client().get(f"/billing/statements/1/{path}").status_code in (302, 404)


def test_differences_stand_on_a_page_for_staff_alone(
    metered: Metered, client_for: Callable[..., Client], people: SimpleNamespace
) -> None:
    Difference.objects.create(
        tenant=metered.shop.tenant, comparer="charges", key="k", what="Clicks <b>", found=7,
        expected=1_240, unit="usd",
    )  # fmt: skip
    assert reconciling.count() == 1
    site = client_for(people.acme_owner)
    assert site.get("/staff/differences/").status_code == 404
    assert client_for().get("/staff/differences/").status_code == 302
    User.objects.filter(pk=people.acme_owner.pk).update(is_staff=True)
    page = client_for(people.acme_owner).get("/staff/differences/").content.decode()
    for words in ("Clicks &lt;b&gt;", "$12.40", "$0.07", "Test shop", "One difference"):
        assert words in page
