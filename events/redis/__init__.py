"""How the log speaks to Redis: clients that give up in time, scripts, and the keys of an installation."""

from events.redis.circuit import Circuit
from events.redis.keys import Keys
from events.redis.redis_client import UNAVAILABLE, patient, quick
from events.redis.redis_script import Script

__all__ = [
    "UNAVAILABLE",
    "Circuit",
    "Keys",
    "Script",
    "patient",
    "quick",
]
