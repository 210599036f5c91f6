"""A mail backend that writes each letter as a line of a file, slowly: a kill often meets it half-way."""

from __future__ import annotations

import os
import time

from django.core.mail.backends.base import BaseEmailBackend

FILE = "SLOW_MAIL_FILE"
_BEFORE, _AFTER = 0.004, 0.004  # seconds around the moment at which the letter has left


class Backend(BaseEmailBackend):
    def send_messages(self, email_messages):  # type: ignore[no-untyped-def]
        with open(os.environ[FILE], "ab", buffering=0) as out:
            for message in email_messages:
                time.sleep(_BEFORE)
                out.write(f"{message.extra_headers['Message-ID']}\n".encode())
                time.sleep(_AFTER)
        return len(email_messages)
