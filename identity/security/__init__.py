"""What protects an account beyond its password: asking again, second factors, the list of sign-ins."""

from identity.security.demo_factor import SECRET as DEMO_SECRET
from identity.security.demo_factor import codes as demo_codes
from identity.security.demo_factor import give as give_demo_factor
from identity.security.recent import (
    needs_recent_sign_in,
    needs_recent_sign_in_to_send,
    needs_recent_sign_in_where,
)
from identity.security.second_factor import has_one as has_second_factor
from identity.security.second_factor import is_needed_by as needs_second_factor
from identity.security.second_factor import was_shown as second_factor_was_shown

__all__ = [
    "DEMO_SECRET",
    "demo_codes",
    "give_demo_factor",
    "has_second_factor",
    "needs_recent_sign_in",
    "needs_recent_sign_in_to_send",
    "needs_recent_sign_in_where",
    "needs_second_factor",
    "second_factor_was_shown",
]
