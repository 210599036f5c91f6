"""A simple tax: the rates that someone set, or one made-up rate per country.

Automatic tax here is a rule of this simulator and no tax advice: a customer in a country of the
table pays its rate on top, a company of another country with a tax ID pays none (reverse charge).
"""

from decimal import ROUND_HALF_UP, Decimal

import stripe

from stripe_simulator.account import COUNTRY
from stripe_simulator.identifiers import new_id
from stripe_simulator.shapes import Json, shape
from stripe_simulator.sources import assumed, documented
from stripe_simulator.store import State

# Standard rates in percent, enough to see each kind of line; not kept up to date.
RATES = {"AT": 20, "DE": 19, "ES": 21, "FR": 20, "GB": 20, "IE": 23, "IT": 22, "NL": 21, "PL": 23}


def new_rate(state: State, **values: object) -> Json:
    """A tax rate, saved."""
    percentage = values["percentage"]
    return state.save(
        shape(
            stripe.TaxRate,
            **{
                "id": new_id("txr"),
                "active": True,
                "created": state.now(),
                "effective_percentage": percentage,
                "inclusive": False,
                "livemode": False,
                "metadata": {},
                "rate_type": "percentage",
                **values,
            },
        )
    )


@assumed("a tax ID is looked at for its form only, and is verified at once")
def country_of(type: str, value: str) -> str | None:
    """The country of a tax ID; None for a value that cannot be one of its type."""
    if not 4 <= len(value) <= 20 or not value.replace(" ", "").replace("-", "").isalnum():
        return None
    if type == "eu_vat":
        country = value[:2]
        return country if country.isalpha() and any(c.isdigit() for c in value) else None
    return type[:2].upper()


# Values that stand for what comes of the check ("Magic tax IDs").
_MAGIC = {"000000000": "verified", "111111111": "unverified", "222222222": "pending"}
_WITH_MAGIC = ("eu_vat", "au_abn")
_CHECKED = (*_WITH_MAGIC, "gb_vat")


@documented("billing/customer/tax-ids#magic-tax-ids")
def is_magic(type: str, value: str) -> bool:
    """Whether it is a value of tests, of a type that has them."""
    return type in _WITH_MAGIC and value in _MAGIC


@documented("billing/customer/tax-ids#validation")
def verification_of(type: str, value: str, *, name: str | None) -> Json:
    """What the check has found, at once; types that no register can be asked about are unavailable."""
    if type not in _CHECKED:
        return {"status": "unavailable", "verified_address": None, "verified_name": None}
    status = _MAGIC.get(value, "verified") if is_magic(type, value) else "verified"
    return {
        "status": status,
        "verified_address": None,
        "verified_name": name if status == "verified" else None,
    }


def taxes_of(state: State, invoice: Json, line: Json) -> list[Json]:
    """The taxes of a line, on its amount less discounts."""
    ids = line.get("_tax_rates") or [rate["id"] for rate in invoice["default_tax_rates"]]
    rates = [state.require("tax_rate", id) for id in ids]
    if not rates and invoice["automatic_tax"]["enabled"]:
        rates = _automatic(state, invoice)
    base = line["amount"] - sum(one["amount"] for one in line["discount_amounts"])
    customer = state.require("customer", invoice["customer"])
    reason = _untaxed(customer)
    return [_tax(base, rate, reason) for rate in rates]


@documented("billing/customer/tax-ids#reverse-charge")
def _untaxed(customer: Json) -> str | None:
    """Why a customer pays no tax, in Stripe's word; None for one who does."""
    reasons = {"exempt": "customer_exempt", "reverse": "reverse_charge"}
    return reasons.get(customer["tax_exempt"])


@assumed("tax is rounded on each line by itself, half up")
def _tax(base: int, rate: Json, untaxed: str | None) -> Json:
    percentage = Decimal(str(rate["percentage"]))
    divisor = 100 + percentage if rate["inclusive"] else Decimal(100)
    exact = Decimal(base) * percentage / divisor
    amount = int(exact.quantize(Decimal(1), rounding=ROUND_HALF_UP))
    return {
        "amount": 0 if untaxed else amount,
        "tax_behavior": "inclusive" if rate["inclusive"] else "exclusive",
        "tax_rate_details": {"tax_rate": rate["id"]},
        "taxability_reason": untaxed or "standard_rated",
        "taxable_amount": 0 if untaxed else base - (amount if rate["inclusive"] else 0),
        "type": "tax_rate_details",
    }


@assumed("automatic tax is one rate per country from a table; a tax ID abroad means reverse charge")
def _automatic(state: State, invoice: Json) -> list[Json]:
    customer = state.require("customer", invoice["customer"])
    country = (customer["address"] or {}).get("country")
    if country not in RATES:
        return []
    company = state.select("tax_id", {"customer": customer["id"]}, limit=1)
    percentage = 0 if company and country != COUNTRY else RATES[country]
    known = state.select("tax_rate", {"country": country, "percentage": percentage})
    made_here = [rate for rate in known if rate.get("_automatic")]
    if made_here:
        return made_here[:1]
    name = "Reverse charge" if percentage == 0 else "VAT"
    return [
        new_rate(
            state,
            country=country,
            display_name=name,
            percentage=percentage,
            tax_type="vat",
            _automatic=True,
        )
    ]
