"""Templates: Jinja2 with escaping on, amounts and times as people read them."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse

from stripe_simulator.money import money
from stripe_simulator.rules import clocks
from stripe_simulator.shapes import Json
from stripe_simulator.store import State, Store

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


def day(seconds: int | None) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%d %b %Y}" if seconds else ""


_environment.filters.update(money=money, moment=_moment, day=day)


def page(template: str, *, status: int = 200, **context: Any) -> HTMLResponse:
    html = _environment.get_template(template).render(**context)
    return HTMLResponse(html, status_code=status, headers=_HEADERS)


@contextmanager
def opened(store: Store, kind: str, id: str) -> Iterator[tuple[State, Json | None]]:
    """A transaction in the time of an object (a test clock's, if it has one), and the object."""
    with store.transaction() as state:
        found = state.get(kind, id)
        with state.at(clocks.frozen_at(state, found) if found else None):
            yield state, found
