"""One round trip for all events of a request, before its response leaves."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from events import context, recording
from events.errors import EventsNotAccepted


class EventBufferMiddleware:
    """Collects the events of a request and sends them when the view has ended, also by an error.

    If they cannot be kept anywhere, the answer still goes out: the visitor's page works, the loss
    is logged and counted, and the header `Events-Not-Accepted` tells the caller how many. A view
    that must not succeed without its events calls `events.flush()` itself.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response: HttpResponse | None = None
        request_id = context.request_id(request.META.get("HTTP_X_REQUEST_ID"))
        with context.of_request(request_id=request_id):
            try:
                with recording.batch():
                    response = self.get_response(request)
            except EventsNotAccepted as lost:
                if response is None:
                    raise
                response["Events-Not-Accepted"] = str(lost.count)
        return response
