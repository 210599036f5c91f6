"""The address that Stripe posts to, under /stripe/ of the site host: one row, and an answer."""

from __future__ import annotations

import threading
import time
from uuid import UUID

import structlog
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBadRequest
from django.urls import path
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST
from kombu.exceptions import OperationalError

from billing import tasks
from billing.webhooks import inbox
from events.steps import step

app_name = "stripe"
log = structlog.get_logger()

# The worker is woken once in this time by each process, and begins when it is over: so it finds all that
# was stored meanwhile, and thousands of webhooks are some rounds.
_WINDOW = 0.25  # seconds


class _Bell:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._next = 0.0

    def ring(self) -> None:
        """Let a worker look into the inbox soon; without a broker the periodic check does."""
        now = time.monotonic()
        with self._lock:
            if now < self._next:
                return
            self._next = now + _WINDOW
        try:
            tasks.work_off_inbox.apply_async(countdown=_WINDOW, expires=60, retry=False)
        except OperationalError as error:
            log.warning("stripe.inbox_waits_for_the_check", error=str(error))


_bell = _Bell()


@csrf_exempt
@login_not_required
@transaction.non_atomic_requests
@require_POST
def webhook(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """200 once it is stored, 400 for what Stripe has not signed, 413 for what is too large."""
    if str(uuid) != settings.STRIPE_WEBHOOK_UUID.lower():
        raise Http404
    signature = request.headers.get("stripe-signature", "")
    if not signature:
        return HttpResponseBadRequest("no signature")
    if int(request.META.get("CONTENT_LENGTH") or 0) > inbox.LARGEST:
        return HttpResponse("too large", status=413)
    try:
        is_due = inbox.receive(request.body, signature=signature)
    except inbox.NotBelieved as error:
        log.warning("stripe.webhook_refused", error=str(error))
        return HttpResponseBadRequest("not believed")
    step("stripe.stored")
    if is_due:
        _bell.ring()
    return HttpResponse("stored")


urlpatterns = [path("webhook/<uuid:uuid>/", webhook, name="webhook")]
