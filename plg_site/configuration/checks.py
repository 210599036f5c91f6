"""System checks of the whole: what is unsafe is an error before anything starts."""

from __future__ import annotations

from typing import Any

from django.core.checks import CheckMessage, Error, Tags, register

from plg_site.configuration import safety


@register(Tags.security)
def check_safety(**_: Any) -> list[CheckMessage]:
    """No setting harms people who trust this installation."""
    return [Error(unsafe.says, hint=unsafe.do, id=unsafe.id) for unsafe in safety.find()]
