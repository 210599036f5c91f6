"""What identity records."""

from events import EventType

SIGNED_UP = EventType("Signed Up", properties={"method": str}, webhooks=False)
PERSON_IDENTIFIED = EventType("Person Identified", properties={"anonymous_id": str}, webhooks=False)
EMAIL_VERIFIED = EventType("Email Verified", properties={}, webhooks=False)
ACCOUNT_CLOSED = EventType("Account Closed", properties={}, webhooks=False)

# What servers, apps and browsers say of people (Segment's identify, group and alias): any traits.
PERSON_DESCRIBED = EventType("Person Described", properties={}, webhooks=False)
GROUP_DESCRIBED = EventType("Group Described", properties={}, webhooks=False)
PERSON_ALIASED = EventType("Person Aliased", properties={}, webhooks=False)
# A page of an app (Segment's screen); a page of a website is cms' "Page Viewed".
SCREEN_VIEWED = EventType("Screen Viewed", properties={"name": str | None}, webhooks=False)

PERSONS_MERGED = EventType("Persons Merged", properties={"merged": str, "how": str}, webhooks=False)
PERSONS_PARTED = EventType("Persons Parted", properties={"merged": str, "how": str}, webhooks=False)
PERSON_ERASED = EventType("Person Erased", properties={"erased": str}, webhooks=False)

# A yes or no to a purpose ("measuring"): said where, having read which words.
CONSENT_CHANGED = EventType(
    "Consent Changed",
    properties={"purpose": str, "given": bool, "where": str, "words": str},
    webhooks=False,
)

# What staff (or an operator, without a person) decide about what the collector takes.
SOURCE_CREATED = EventType(
    "Source Created", properties={"source_id": str, "kind": str}, webhooks=False
)
SOURCE_ENDED = EventType("Source Ended", properties={"source_id": str, "kind": str}, webhooks=False)
EVENT_NAME_DECIDED = EventType(
    "Event Name Decided", properties={"name": str, "state": str}, webhooks=False
)

# What `people.following` reads.
OF_PERSONS = (CONSENT_CHANGED, PERSON_IDENTIFIED, EMAIL_VERIFIED, PERSON_DESCRIBED, PERSON_ALIASED)

ALL = (
    SIGNED_UP, EMAIL_VERIFIED, ACCOUNT_CLOSED, PERSONS_MERGED, PERSONS_PARTED, PERSON_ERASED,
    CONSENT_CHANGED, SOURCE_CREATED, SOURCE_ENDED, EVENT_NAME_DECIDED,
    PERSON_IDENTIFIED, PERSON_DESCRIBED, GROUP_DESCRIBED, PERSON_ALIASED,
    SCREEN_VIEWED,
)  # fmt: skip
