"""How we speak to PostgreSQL: pools that give up at once while the server is away."""

from events.postgres.away import RETRY_AFTER, DatabaseAway, is_away
from events.postgres.breaker import Breaker, is_told, standing
from events.postgres.pool import Pool

__all__ = [
    "RETRY_AFTER",
    "Breaker",
    "DatabaseAway",
    "Pool",
    "is_away",
    "is_told",
    "standing",
]
