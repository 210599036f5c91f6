from django import template

from metering import money as amounts

register = template.Library()


@register.filter
def money(amount: int, currency: str) -> str:
    """{{ invoice.amount|money:invoice.currency }}"""
    return amounts.in_words(amount, currency)
