"""Django's SMTP backend, which also knows whether a letter had begun to be handed over.

A server that goes away before that has surely not sent it; afterwards nobody can say.
"""

from __future__ import annotations

import smtplib
from typing import Any

from django.core.mail.backends import smtp


class _Handing:
    """Of smtplib's two classes: `data` is the command that hands a letter over."""

    has_begun = False

    def mail(self, sender: Any, options: Any = ()) -> Any:
        self.has_begun = False
        return super().mail(sender, options)  # type: ignore[misc]

    def data(self, msg: Any) -> Any:
        self.has_begun = True
        return super().data(msg)  # type: ignore[misc]


class _Plain(_Handing, smtplib.SMTP):
    pass


class _Tls(_Handing, smtplib.SMTP_SSL):
    pass


class EmailBackend(smtp.EmailBackend):
    @property
    def connection_class(self) -> Any:
        return _Tls if self.use_ssl else _Plain

    @property
    def may_have_sent(self) -> bool:
        """Whether the letter at hand may have been taken."""
        return bool(getattr(self.connection, "has_begun", False))
