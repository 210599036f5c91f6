"""For the people who run the installation: what all workspaces pay, and how that moved. Asks our own
database only."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

import structlog
from django.core.paginator import Paginator
from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from billing import catalogue
from billing.models import MrrMovement
from billing.pages import flows
from billing.pages.staff_rights import tabs
from billing.revenue import figures, spreadsheet
from identity.requests import UserRequest
from metering.wording import money_in_words
from staff import panels
from staff.access import staff_only
from staff.navigation import page

log = structlog.get_logger()
A_PAGE, FIRST = 25, 10  # rows of a page; of a list that has a page of its own
_MONTHS_BACK = 36


@require_safe
@never_cache
@staff_only
def revenue(request: UserRequest) -> HttpResponse:
    """Subscriptions, the MRR and its movements in a month, what fails and what ends."""
    month = figures.month_named(request.GET.get("month", ""))
    standings = figures.standing()
    now = figures.mrr(standings)
    known = figures.currencies()
    currency = request.GET.get("currency", "")
    if currency not in known:
        currency = max(now, key=lambda key: now[key], default=known[0] if known else "usd")
    shown = Paginator(figures.movements(month), A_PAGE).get_page(request.GET.get("page"))
    failed, trials = figures.failed(), figures.trials_ending()
    context = {
        "tabs": tabs("staff_revenue"),
        "month": f"{month:%Y-%m}",
        "month_words": f"{month:%B %Y}",
        "months": _months(),
        "currency": currency,
        "currencies": known,
        "totals": _totals(month, now),
        "flows": flows.of(figures.by_month(month, currency), currency),
        "standings": [_standing(each) for each in standings],
        "kinds": [MrrMovement.Kind(each).label for each in MrrMovement.Kind],
        "page_obj": shown,
        "query": f"month={month:%Y-%m}&currency={currency}",
        "movements": [_movement(each) for each in shown],
        "failed": figures.failures(list(failed[:FIRST])),
        "failed_count": failed.count(),
        "trials": list(trials[:FIRST]),
        "trials_count": trials.count(),
        "panels": panels.about("revenue", month),
    }
    return page(request, "staff/revenue.html", context, at="staff_revenue")


@require_safe
@never_cache
@staff_only
def failed_payments(request: UserRequest) -> HttpResponse:
    """Every invoice that was tried and is not paid."""
    shown = Paginator(figures.failed(), A_PAGE).get_page(request.GET.get("page"))
    context = {
        "tabs": tabs("staff_failed_payments"),
        "page_obj": shown,
        "failed": figures.failures(list(shown)),
    }
    return page(request, "staff/failed_payments.html", context, at="staff_revenue")


@require_safe
@never_cache
@staff_only
def trials_ending(request: UserRequest) -> HttpResponse:
    """Every trial that ends in the next seven days."""
    shown = Paginator(figures.trials_ending(), A_PAGE).get_page(request.GET.get("page"))
    context = {"tabs": tabs("staff_trials_ending"), "page_obj": shown, "trials": list(shown)}
    return page(request, "staff/trials_ending.html", context, at="staff_revenue")


@require_safe
@never_cache
@staff_only
def subscriptions_csv(request: UserRequest) -> HttpResponseBase:
    """Every live subscription."""
    return _file(request, spreadsheet.subscriptions(), f"subscriptions-{timezone.now():%Y-%m-%d}")


@require_safe
@never_cache
@staff_only
def movements_csv(request: UserRequest) -> HttpResponseBase:
    """Every movement of a month."""
    month = figures.month_named(request.GET.get("month", ""))
    return _file(request, spreadsheet.movements(month), f"mrr-movements-{month:%Y-%m}")


def _file(request: UserRequest, rows: Iterator[str], name: str) -> StreamingHttpResponse:
    log.info("staff.exported", file=name, by=request.user.email)
    answer = StreamingHttpResponse(rows, content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return answer


def _months() -> Sequence[tuple[str, str]]:
    """The months that can be chosen: back from that of the newest movement, or this one."""
    newest = MrrMovement.objects.order_by("-at").values_list("at", flat=True).first()
    month = figures.month_named("", now=max(filter(None, (newest, timezone.now()))))
    found = []
    for _ in range(_MONTHS_BACK):
        found.append((f"{month:%Y-%m}", f"{month:%B %Y}"))
        month = figures.before(month)
    return found


def _totals(month: datetime, paid: Mapping[str, int]) -> Sequence[dict[str, object]]:
    moved, ends, usage = figures.moved(month), figures.at_end_of(month), figures.usage_of(month)
    return [
        {
            "currency": currency.upper(),
            "mrr": money_in_words(paid.get(currency, 0), currency),
            "at_end": money_in_words(ends.get(currency, 0), currency),
            "net": _signed(sum(each[0] for each in moved.get(currency, {}).values()), currency),
            "usage": money_in_words(usage.get(currency, 0), currency),
            "kinds": [
                (_signed(moved.get(currency, {}).get(kind, (0, 0))[0], currency),
                 moved.get(currency, {}).get(kind, (0, 0))[1])
                for kind in MrrMovement.Kind.values
            ],
        }
        for currency in sorted({*paid, *moved, *ends, *usage})
    ]  # fmt: skip


def _signed(amount: int, currency: str) -> str:
    words = money_in_words(amount, currency)
    return f"+{words}" if amount > 0 else words


def _standing(each: figures.Standing) -> dict[str, object]:
    return {
        "plan": _plan(each.plan_key),
        "status": STATUS.get(each.status, (each.status, ""))[0],
        "kind": STATUS.get(each.status, ("", ""))[1],
        "currency": each.currency.upper(),
        "count": each.count,
        "seats": each.seats,
        "monthly": money_in_words(each.monthly, each.currency),
    }


STATUS = {  # Stripe's status: words, kind of badge
    "active": ("Active", "success"),
    "trialing": ("Trial", "info"),
    "past_due": ("Payment failed", "warn"),
    "unpaid": ("Unpaid", "error"),
    "paused": ("Paused", "warn"),
}


def _movement(row: MrrMovement) -> dict[str, object]:
    return {
        "row": row,
        "plan": _plan(row.plan_key),
        "label": MrrMovement.Kind(row.kind).label,
        "kind": "error" if row.difference < 0 else "success",
        "change": _signed(row.difference, row.currency),
        "after": money_in_words(row.after, row.currency),
    }


def _plan(key: str) -> str:
    known = {plan.key: plan.name for plan in catalogue.plans()}
    return known.get(key, key)
