"""Buckets that count how often something happens, for whoever has to limit it."""

from events.limits.buckets import Rate, Taken, look, parse, take

__all__ = ["Rate", "Taken", "look", "parse", "take"]
