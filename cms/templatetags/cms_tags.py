from typing import Any

from django import template
from django.utils.formats import number_format
from django.utils.translation import gettext as _

from cms.public import agreements

register = template.Library()

SYMBOLS = {"usd": "$", "eur": "€", "gbp": "£"}


@register.filter
def money(cents: int | None, currency: str = "usd") -> str:
    """Minor units as people write them: 2900 is $29, 2950 is $29.50, else 29 XYZ."""
    whole, rest = divmod(cents or 0, 100)
    amount = number_format(whole, force_grouping=True) + (f".{rest:02d}" if rest else "")
    symbol = SYMBOLS.get(currency.lower())
    return f"{symbol}{amount}" if symbol else f"{amount} {currency.upper()}"


@register.inclusion_tag("components/agreement.html")
def agreement(action: str = "") -> dict[str, Any]:
    """{% agreement "Join" %}: what one agrees to with that button; nothing while there are no terms."""
    return {
        "action": action or _("Open workspace"),
        "terms": agreements.terms(),
        "privacy": agreements.privacy(),
    }
