"""Forms of the page on alerts and limits."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID

from django import forms
from django.core.validators import MaxLengthValidator

from identity.models import User
from metering.alerts import Threshold, alert_mail
from metering.definitions.catalogue import meters, shown
from metering.definitions.limit import Limit
from metering.definitions.meter import Meter
from metering.quotas import limits, spend
from metering.quotas.spend import OwnLimits
from metering.wording import money
from metering.wording.words import quantity
from tenants.models import Tenant

_MB = 1024**2


class AlertForm(forms.Form):
    """A threshold, and who is told."""

    meter = forms.ChoiceField(label="When this is used")
    kind = forms.ChoiceField(
        label="Up to",
        choices=[("percent", "Percent of the limit"), ("amount", "An amount")],
        initial="percent",
    )
    value = forms.IntegerField(
        label="How much", min_value=1, max_value=10**12,
        help_text="A percentage, or an amount (of storage: in MB).",
    )  # fmt: skip
    recipients = forms.MultipleChoiceField(
        label="Mail to",
        validators=[MaxLengthValidator(100)],
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="Nobody chosen: all owners and admins.",
    )

    def __init__(self, *args: Any, tenant: Tenant, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["meter"].choices = [(key, one.label) for key, one in shown().items()]  # type: ignore[attr-defined]
        self._limits = limits.of(tenant)
        people: list[User] = alert_mail.managers_of(tenant)
        self.fields["recipients"].choices = [(str(user.pk), str(user)) for user in people]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("kind") == "percent" and (cleaned.get("value") or 0) > 1000:
            self.add_error("value", "At 1,000 percent at most.")
        limit = self._limits.get(cleaned.get("meter", ""))
        if cleaned.get("kind") == "percent" and limit and limit.value is None:
            self.add_error("kind", "This has no limit: choose an amount.")
        return cleaned

    def threshold(self) -> Threshold:
        """What was entered."""
        cleaned = self.cleaned_data
        chosen = meters()[cleaned["meter"]]
        is_percent = cleaned["kind"] == "percent"
        unit = _MB if chosen.unit == "bytes" else 1
        return Threshold(
            meter=chosen.key,
            percent=cleaned["value"] if is_percent else None,
            amount=None if is_percent else cleaned["value"] * unit,
            recipients=tuple(UUID(text) for text in cleaned["recipients"]),
        )


class OwnLimitsForm(forms.Form):
    """Money for a period, and a cap for each meter that the plan limits. Empty: no own limit."""

    def __init__(self, *args: Any, tenant: Tenant, **kwargs: Any) -> None:
        own = spend.of(tenant)
        self.currency = limits.currency_of(tenant)
        plan = limits.of_plan(tenant)
        self.has_prices = any(spend.buys(limit) for limit in plan.values())
        kwargs.setdefault("initial", _initial(own, self.currency or "usd"))
        super().__init__(*args, **kwargs)
        if self.has_prices or own.money is not None:
            places = money.places(self.currency or "usd")
            self.fields["money"] = forms.DecimalField(
                label=f"At most, in {(self.currency or 'usd').upper()} a period",
                required=False, min_value=0, max_digits=12, decimal_places=places,
                help_text="For usage above what the plan includes. At this amount, what costs money is "
                "no longer counted until the period ends; visitors are still sent on.",
            )  # fmt: skip
        for key, limit in plan.items():
            if limit.value is not None or key in own.caps:
                self.fields[f"cap_{key}"] = _cap_field(meters()[key], limit)

    def own_limits(self) -> OwnLimits:
        """What was entered, in minor units and in the meters' units."""
        cleaned = self.cleaned_data
        entered: Decimal | None = cleaned.get("money")
        factor = 10 ** money.places(self.currency or "usd")
        caps = {
            meter.key: value * (_MB if meter.unit == "bytes" else 1)
            for meter in meters().values()
            if (value := cleaned.get(f"cap_{meter.key}")) is not None
        }
        return OwnLimits(money=None if entered is None else int(entered * factor), caps=caps)


def _cap_field(meter: Meter, limit: Limit) -> forms.IntegerField:
    ends = " until the period ends" if meter.period == "month" else ""
    stops = f"more is refused{ends}" if limit.hard else f"no more is counted{ends}"
    above = f"Above a limit of your own, {stops}."
    included = ""
    if limit.value is not None:
        goes_on = "" if limit.hard else "; what is above goes on and is counted"
        included = f"The plan includes {quantity(meter, limit.value)}{goes_on}. "
    return forms.IntegerField(
        label=f"{meter.label} (MB)" if meter.unit == "bytes" else meter.label,
        required=False,
        min_value=0,
        max_value=10**12,
        help_text=f"{included}{above}",
    )


def _initial(own: OwnLimits, currency: str) -> dict[str, Any]:
    initial: dict[str, Any] = {
        f"cap_{key}": value // (_MB if key in meters() and meters()[key].unit == "bytes" else 1)
        for key, value in own.caps.items()
    }
    if own.money is not None:
        initial["money"] = Decimal(own.money).scaleb(-money.places(currency))
    return initial
