"""A person's addresses: allauth's page, which says what became of "Send the mail again"."""

from __future__ import annotations

import json
from typing import Any

from allauth.account.views import EmailView
from django.contrib import messages
from django.http import HttpRequest, HttpResponse

from identity.attempts import proof_of_work
from identity.proofs import claims, mail_limits, merging


class AddressesView(EmailView):
    def _action_send(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse | None:
        address = self._get_email_address(request)
        if address is None:
            messages.error(request, "That is none of your addresses.")
            return None
        if address.verified:
            messages.info(request, f"{address.email} is verified already.")
            return None
        worked = proof_of_work.is_in(request)
        held = mail_limits.take(address, for_a_sum=worked)
        if held and held.mailbox and not worked:
            return self._one_more_step(address.email)
        if held:
            messages.warning(request, _held(address.email, held))
            return None
        return super()._action_send(request, *args, **kwargs)

    def _one_more_step(self, email: str) -> HttpResponse:
        """Others have had so much mail sent there that this one takes a sum of the browser."""
        more = {
            "step_for": email,
            "challenge": json.dumps(proof_of_work.challenge()),
            "field": proof_of_work.FIELD,
        }
        return self.render_to_response(self.get_context_data(**more))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        user = self.request.user
        begun = bool(claims.others(user, most=1)) or bool(merging.open_merges(user))
        return {**super().get_context_data(**kwargs), "has_begun": begun}


def _held(email: str, held: mail_limits.Held) -> str:
    if held.mailbox:
        return (
            f"Too much mail went to {email} lately. The next one can be sent in {held.in_words}."
            " Signing in with a mailed code confirms the address, too."
        )
    return (
        f"A mail to {email} is on its way already: look into the spam folder, too."
        f" The next one can be sent in {held.in_words}."
    )
