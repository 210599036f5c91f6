"""What identity records."""

from events import EventType

SIGNED_UP = EventType("Signed Up", properties={"method": str})
PERSON_IDENTIFIED = EventType("Person Identified", properties={"anonymous_id": str})
EMAIL_VERIFIED = EventType("Email Verified", properties={})
ACCOUNT_CLOSED = EventType("Account Closed", properties={})

ALL = (SIGNED_UP, PERSON_IDENTIFIED, EMAIL_VERIFIED, ACCOUNT_CLOSED)
