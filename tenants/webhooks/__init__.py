"""Webhooks of a workspace: which endpoints it has, what they are told, and who hears when one stops.

How something is sent, and where we never call, is `outbound.webhooks`.
"""

from tenants.webhooks.feeding import NAME, READER, feed, offered

__all__ = ["NAME", "READER", "feed", "offered"]
