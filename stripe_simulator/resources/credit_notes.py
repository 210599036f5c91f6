"""Credit notes: https://docs.stripe.com/api/credit_notes."""

from stripe_simulator.events import emit
from stripe_simulator.listing import PAGING, page
from stripe_simulator.metadata import merge_metadata
from stripe_simulator.presentation import present
from stripe_simulator.registry import Call, route
from stripe_simulator.rules import credit_notes
from stripe_simulator.shapes import Json

_HONOURED = (
    "amount credit_amount invoice lines memo metadata out_of_band_amount reason refund_amount "
    "refunds"
)


@route("POST", "/v1/credit_notes", honours=_HONOURED)
def create(call: Call) -> Json:
    return credit_notes.credit(call.state, call.params)


@route("GET", "/v1/credit_notes/preview", honours=_HONOURED)
def preview(call: Call) -> Json:
    """The same note, made and undone."""
    with call.state.rehearsal():
        return credit_notes.credit(call.state, call.params)


@route("GET", "/v1/credit_notes/{id}")
def retrieve(call: Call) -> Json:
    return call.state.require("credit_note", call.path["id"])


@route("POST", "/v1/credit_notes/{id}", honours="memo metadata")
def update(call: Call) -> Json:
    note = retrieve(call)
    before = present(call.state, note)
    if "memo" in call.params:
        note["memo"] = call.params["memo"] or None
    merge_metadata(note, call.params)
    call.state.save(note)
    emit(call.state, "credit_note.updated", note, before=before)
    return note


@route("POST", "/v1/credit_notes/{id}/void")
def void(call: Call) -> Json:
    return credit_notes.void(call.state, retrieve(call))


@route("GET", "/v1/credit_notes", honours=f"{PAGING} customer invoice")
def list_all(call: Call) -> Json:
    where = {name: call.params.get(name) for name in ("customer", "invoice")}
    return page(call, "credit_note", where)
