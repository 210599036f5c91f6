"""What identity records."""

from events import EventType

SIGNED_UP = EventType("Signed Up", properties={"method": str}, webhooks=False)
PERSON_IDENTIFIED = EventType("Person Identified", properties={"anonymous_id": str}, webhooks=False)
EMAIL_VERIFIED = EventType("Email Verified", properties={}, webhooks=False)
ACCOUNT_CLOSED = EventType("Account Closed", properties={}, webhooks=False)

ALL = (SIGNED_UP, PERSON_IDENTIFIED, EMAIL_VERIFIED, ACCOUNT_CLOSED)
