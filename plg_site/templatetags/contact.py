"""Where people find help, in every template without a load, mails and error pages included.

{% help_contact as help %}{{ help.email }} {{ help.url }}: each empty where the operator set none.
"""

from __future__ import annotations

from dataclasses import dataclass

from django import template
from django.conf import settings

register = template.Library()


@dataclass(frozen=True)
class HelpContact:
    email: str
    url: str

    def __bool__(self) -> bool:
        return bool(self.email or self.url)


@register.simple_tag
def help_contact() -> HelpContact:
    return HelpContact(email=settings.SUPPORT_EMAIL, url=settings.SUPPORT_URL)
