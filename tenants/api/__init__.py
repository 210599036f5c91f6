"""Who calls a workspace's API, and what may stand in a body."""

from tenants.api.api_auth import ApiKeyAuth
from tenants.api.api_bodies import Body, BodyParser, SaidTwice

__all__ = [
    "ApiKeyAuth",
    "Body",
    "BodyParser",
    "SaidTwice",
]
