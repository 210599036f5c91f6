"""Signing out: by a form, never by a link, and back to the site."""

from __future__ import annotations

from allauth.account.views import LogoutView

from identity.signing_in import ways_out


class SignOutView(LogoutView):
    def get_next_url(self) -> str | None:
        """Only the site: who has just signed out is nobody's member any more."""
        url = super().get_next_url()
        return url if url and ways_out.is_site(url, request=self.request) else None


sign_out = SignOutView.as_view()
