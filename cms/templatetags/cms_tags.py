from django import template
from django.utils.formats import number_format

register = template.Library()

SYMBOLS = {"usd": "$", "eur": "€", "gbp": "£"}


@register.filter
def money(cents: int | None, currency: str = "usd") -> str:
    """Minor units as people write them: 2900 is $29, 2950 is $29.50, else 29 XYZ."""
    whole, rest = divmod(cents or 0, 100)
    amount = number_format(whole, force_grouping=True) + (f".{rest:02d}" if rest else "")
    symbol = SYMBOLS.get(currency.lower())
    return f"{symbol}{amount}" if symbol else f"{amount} {currency.upper()}"
