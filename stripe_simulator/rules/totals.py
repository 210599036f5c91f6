"""What an invoice comes to: its lines, less discounts, with taxes, and with the balance."""

from collections import defaultdict

from stripe_simulator.money import minimum_charge
from stripe_simulator.rules.discounting import cuts
from stripe_simulator.rules.taxing import taxes_of
from stripe_simulator.shapes import Json
from stripe_simulator.sources import documented
from stripe_simulator.store import State


@documented("billing/customer/balance")
def add_up(state: State, invoice: Json) -> None:
    """Set the draft's totals and those of its lines, and save them.

    A negative balance is the customer's credit, and pays first; what is less than a card can be
    charged waits as a balance for the next invoice.
    """
    lines = state.select("line_item", {"invoice": invoice["id"]})
    _discount(state, invoice, lines)
    for line in lines:
        line["taxes"] = taxes_of(state, invoice, line)
        state.save(line)
    subtotal = sum(line["amount"] for line in lines)
    off = sum(one["amount"] for line in lines for one in line["discount_amounts"])
    added = sum(_tax(line, "exclusive") for line in lines)
    inside = sum(_tax(line, "inclusive") for line in lines)
    total = subtotal - off + added
    balance = state.require("customer", invoice["customer"])["balance"]
    due = max(total + balance, 0)
    if due < minimum_charge(invoice["currency"]):
        due = 0
    invoice.update(
        subtotal=subtotal,
        subtotal_excluding_tax=subtotal - inside,
        total=total,
        total_excluding_tax=total - added - inside,
        total_discount_amounts=_by_discount(lines),
        total_taxes=_by_rate(lines),
        starting_balance=balance,
        amount_due=due,
        amount_remaining=due,
    )
    state.save(invoice)


@documented("billing/subscriptions/coupons#stack-discounts")
def _discount(state: State, invoice: Json, lines: list[Json]) -> None:
    """Set each line's discounts: its own first, then the invoice's, one after the other."""
    for line in lines:
        line["discount_amounts"] = []
    for line in lines:
        for id in line["discounts"]:
            _take(state, invoice, id, [line])
    for id in invoice["discounts"]:
        _take(state, invoice, id, [line for line in lines if line["discountable"]])


def _take(state: State, invoice: Json, id: str, lines: list[Json]) -> None:
    left = [(discounted(line), _product(line)) for line in lines]
    discount = state.require("discount", id)
    taken = cuts(state, discount, left, currency=invoice["currency"])
    for line, amount in zip(lines, taken, strict=True):
        if amount:
            line["discount_amounts"].append({"amount": amount, "discount": id})


def discounted(line: Json) -> int:
    """The line's amount less its discounts, in minor units."""
    amount: int = line["amount"]
    return amount - sum(one["amount"] for one in line["discount_amounts"])


def _product(line: Json) -> str | None:
    priced = line["pricing"]
    return str(priced["price_details"]["product"]) if priced else None


def _tax(line: Json, behavior: str) -> int:
    return sum(tax["amount"] for tax in line["taxes"] if tax["tax_behavior"] == behavior)


def _by_discount(lines: list[Json]) -> list[Json]:
    sums: dict[str, int] = defaultdict(int)
    for line in lines:
        for one in line["discount_amounts"]:
            sums[one["discount"]] += one["amount"]
    return [{"amount": amount, "discount": id} for id, amount in sums.items()]


def _by_rate(lines: list[Json]) -> list[Json]:
    sums: dict[str, Json] = {}
    for line in lines:
        for tax in line["taxes"]:
            rate = tax["tax_rate_details"]["tax_rate"]
            known = sums.setdefault(rate, tax | {"amount": 0, "taxable_amount": 0})
            known["amount"] += tax["amount"]
            known["taxable_amount"] += tax["taxable_amount"]
    return list(sums.values())
