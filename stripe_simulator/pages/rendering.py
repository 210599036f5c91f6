"""Templates: Jinja2 with escaping on, amounts and times as people read them."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse

from stripe_simulator.money import money

_environment = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
# Checkout sends people to an address of the app's choice: a form may lead anywhere.
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
}


def _moment(seconds: int | None) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%d %b %Y, %H:%M:%S} UTC" if seconds else ""


def _day(seconds: int | None) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%d %b %Y}" if seconds else ""


_environment.filters.update(money=money, moment=_moment, day=_day)


def page(template: str, *, status: int = 200, **context: Any) -> HTMLResponse:
    html = _environment.get_template(template).render(**context)
    return HTMLResponse(html, status_code=status, headers=_HEADERS)
