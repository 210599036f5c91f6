"""A person's addresses: allauth's page, which says what became of "Send the mail again"."""

from __future__ import annotations

from typing import Any

from allauth.account.views import EmailView
from django.contrib import messages
from django.http import HttpRequest, HttpResponse

from identity import claims, mail_limits, merging


class AddressesView(EmailView):
    def _action_send(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse | None:
        address = self._get_email_address(request)
        if address is None:
            messages.error(request, "That is none of your addresses.")
            return None
        if address.verified:
            messages.info(request, f"{address.email} is verified already.")
            return None
        if wait := mail_limits.take(address):
            words = mail_limits.in_words(wait)
            text = (
                f"A mail to {address.email} is on its way already: look into the spam folder, too."
                f" The next one can be sent in {words}."
            )
            messages.warning(request, text)
            return None
        return super()._action_send(request, *args, **kwargs)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        user = self.request.user
        begun = bool(claims.others(user, most=1)) or bool(merging.open_merges(user))
        return {**super().get_context_data(**kwargs), "has_begun": begun}
