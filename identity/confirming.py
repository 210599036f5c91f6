"""The page behind the link that confirms an address. Only its POST does anything."""

from __future__ import annotations

from typing import Any

from allauth.account.views import ConfirmEmailView


class ConfirmEmail(ConfirmEmailView):
    """allauth's, but looking at the page signs nobody out: mail programs and other people's pages
    open links, too. Who confirms an address of another account is signed out then."""

    def logout_other_user(self, confirmation: Any) -> None:
        if self.request.method == "POST":
            super().logout_other_user(confirmation)
