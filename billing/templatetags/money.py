from django import template

from metering import wording

register = template.Library()


@register.filter
def money(amount: int, currency: str) -> str:
    """{{ invoice.amount|money:invoice.currency }}"""
    return wording.money_in_words(amount, currency)
