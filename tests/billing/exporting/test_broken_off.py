"""A round that ends at any step, before it or after it, and is taken up again: nothing twice, nothing lost.

A process that is killed leaves what it has committed, and Stripe what it was told. So does an exception
that nothing catches, here: what a step has not committed is rolled back.
"""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest

from billing.exporting.meter_events import counting, holding, items, rounds, sending
from billing.models import UsageCharge
from billing.subscriptions import held_drafts
from billing.usage import usage_charges
from tests.billing.exporting.conftest import HOUR, Metered

pytestmark = [pytest.mark.django_db, pytest.mark.thorough]

STEPS: list[tuple[ModuleType, str]] = [
    (items, "_put_items"),
    (items, "_open_periods"),
    (counting, "write"),
    (counting, "_row"),
    (held_drafts, "hold"),
    (sending, "note_tries"),
    (sending, "_post"),
    (sending, "_is_sent"),
    (rounds, "_release"),
    (holding, "_settle"),
    (usage_charges, "charge"),
]


class Killed(BaseException):
    """Nothing catches it."""


def broken_off(work: Callable[[], Any], monkeypatch: pytest.MonkeyPatch) -> int:
    """Do it once for each step and side of it, ended there; how often a step was reached."""
    reached = 0
    for module, name in STEPS:
        for after in (False, True):
            step = getattr(module, name)

            def ended(*args: Any, step: Any = step, after: bool = after, **named: Any) -> Any:
                if after:
                    step(*args, **named)
                raise Killed

            with monkeypatch.context() as patched:
                patched.setattr(module, name, ended)
                try:
                    work()
                except Killed:
                    reached += 1
    return reached


def test_a_month_of_rounds_that_break_off_everywhere_is_billed_once(
    metered: Metered, monkeypatch: pytest.MonkeyPatch
) -> None:
    reached = 0
    metered.skip(1)
    metered.click(8, metered.start + HOUR)
    reached += broken_off(metered.bring, monkeypatch)
    metered.bring()
    metered.click(4, metered.start + 3 * HOUR)
    metered.skip((metered.period.period_end - metered.start).days - 1)
    metered.click(1, metered.period.period_end - HOUR)
    reached += broken_off(metered.bring, monkeypatch)
    metered.close(2 * HOUR)
    reached += broken_off(lambda: metered.bring(2 * HOUR), monkeypatch)
    metered.bring(2 * HOUR)
    assert reached > 2 * len(STEPS)
    assert metered.counted() == 10
    assert metered.period.state == "billed"
    [charge] = UsageCharge.objects.filter(tenant=metered.shop.tenant)
    assert charge.amount == 5 * 1_00 + 5 * 50
    billed = [one for one in metered.invoices() if one.id == metered.period.invoice_id]
    assert billed[0].total == 29_00 + 7_50
