"""Rate, errors and duration of requests, by the name of their route: never by what a client sent.

A histogram of each route would be thousands of series: each has its sum, and the areas have histograms.
"""

from __future__ import annotations

from typing import Any

from events.metrics import Counter, Histogram, here
from plg_site.logs.requests import known

ROUTES = 250
BOUNDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
REQUESTS = Counter("plg_http_requests_total", "Requests", labels=("route",), most=ROUTES)
ERRORS = Counter("plg_http_errors_total", "Answered with 5xx", labels=("route",), most=ROUTES)
SECONDS = Counter(
    "plg_http_seconds_total", "Seconds that answers took", labels=("route",), most=ROUTES
)
ANSWERS = Counter(
    "plg_http_responses_total", "By method and status", labels=("method", "status"), most=42
)
DURATION = Histogram(
    "plg_http_duration_seconds", "Until an answer was handed over, by area",
    bounds=BOUNDS, labels=("area",), most=8,
)  # fmt: skip
_rows: dict[tuple[str, str, int, bool], tuple[int, int, int, int, list[int]]] = {}
_rows_of: list[Any] = [None]


def count(*, route: str, method: str, status: int, seconds: float, in_workspace: bool) -> None:
    """One request. Its rows are looked up once; then it is one addition under one lock."""
    table = here()
    if table is None:
        return
    if table is not _rows_of[0]:
        _rows.clear()
        _rows_of[0] = table
    key = (route, method, status // 100, in_workspace)
    rows = _rows.get(key)
    if rows is None:
        if (found := _look_up(*key)) is None:
            return
        rows = found
        if len(_rows) < 4 * ROUTES:  # made-up methods must not fill it
            _rows[key] = rows
    requests, errors, spent, answers, duration = rows
    table.add(
        (requests, 1), (errors, 1 if status >= 500 else 0), (spent, seconds), (answers, 1),
        (duration[DURATION.bucket(seconds)], 1), (duration[-1], seconds),
    )  # fmt: skip


def _look_up(
    route: str, method: str, hundreds: int, in_workspace: bool
) -> tuple[int, int, int, int, list[int]] | None:
    name = label(route)
    status = f"{hundreds}xx" if 1 <= hundreds <= 5 else "other"
    found = [each.rows(name) for each in (REQUESTS, ERRORS, SECONDS)]
    found += [ANSWERS.rows(known(method), status), DURATION.rows(area(route, in_workspace))]
    if None in found:
        return None
    one, two, three, four, duration = found
    return one[0], two[0], three[0], four[0], duration  # type: ignore[index, return-value]


def label(route: str) -> str:
    """The route's name; the pages of Wagtail's admin are one."""
    return "cms" if route.startswith("wagtail") and route != "wagtail_serve" else route


def area(route: str, in_workspace: bool) -> str:
    """Of eight at most."""
    if label(route) == "cms":
        return "cms"
    if route.endswith(".early"):
        return "early"
    if route.startswith(("api", "ninja")):
        return "api"
    if route in {"static", "unresolved"}:
        return route
    if route.startswith("staff_"):
        return "staff"
    return "workspace" if in_workspace else "site"
