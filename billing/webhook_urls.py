"""The address that Stripe posts to, under /stripe/ of the site host.

dj-stripe looks its own URL up by this namespace and name, hence both.
"""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.urls import path
from djstripe.views import ProcessWebhookView

app_name = "djstripe"


class InboxView(ProcessWebhookView):
    """dj-stripe's inbox without its DEBUG door, a header by which a sender may name the secret."""

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if "X-Djstripe-Webhook-Secret" in request.headers:
            return HttpResponseBadRequest()
        return super().post(request, *args, **kwargs)


urlpatterns = [path("webhook/<uuid:uuid>/", InboxView.as_view(), name="djstripe_webhook_by_uuid")]
