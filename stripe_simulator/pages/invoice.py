"""The hosted invoice page that an invoice's `hosted_invoice_url` and `invoice_pdf` lead to."""

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from stripe_simulator.account import ACCOUNT_NAME
from stripe_simulator.pages.rendering import page
from stripe_simulator.presentation import present
from stripe_simulator.store import Store


def routes(store: Store) -> list[Route]:
    async def show(request: Request) -> Response:
        id = request.path_params["invoice"].removesuffix(".pdf")
        return await run_in_threadpool(_show, store, id)

    return [Route("/invoices/{invoice}", show, methods=["GET"])]


def _show(store: Store, id: str) -> Response:
    with store.transaction() as state:
        found = state.get("invoice", id)
        if found is None:
            return page("missing.html", status=404)
        return page("invoice.html", invoice=present(state, found), seller=ACCOUNT_NAME)
