"""How often a password or a code may be tried, by which browser, and the sum that is asked for then."""

from identity.attempts.devices import new_name as new_device_name
from identity.attempts.devices import of as device_of
from identity.attempts.proof_of_work import ASKED as SUM_ASKED
from identity.attempts.proof_of_work import is_in as has_sum

__all__ = [
    "SUM_ASKED",
    "device_of",
    "has_sum",
    "new_device_name",
]
