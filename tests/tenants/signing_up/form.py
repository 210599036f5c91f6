"""What a browser sends that has loaded the sign-up form some time ago."""

from __future__ import annotations

import time
from uuid import uuid4

from tenants.signing_up import admission


def loaded(token: object = None) -> dict[str, str]:
    """The hidden fields of a form that was loaded half a minute ago."""
    token = str(token or uuid4())
    return {"token": token, "seen": admission.form_token(token, now=time.time() - 30)}
