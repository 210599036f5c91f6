"""Buckets that count how often something happens, for whoever has to limit it."""

from events.limits.buckets import Rate, Taken, look, parse, take, take_here
from events.limits.clients import FORWARDED, UNKNOWN, address_key, client_address

__all__ = [
    "FORWARDED",
    "UNKNOWN",
    "Rate",
    "Taken",
    "address_key",
    "client_address",
    "look",
    "parse",
    "take",
    "take_here",
]
