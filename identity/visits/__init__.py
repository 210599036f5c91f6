"""What a visit brings along before anybody signs in: consent, its number, and the campaign of a link."""

from identity.visits.campaigns import carried as carried_campaign
from identity.visits.choosing import cookies_page
from identity.visits.choosing import of_banner as consent_of_banner
from identity.visits.number import of_visit as number_of
from identity.visits.whose import asked as whose

__all__ = [
    "carried_campaign",
    "consent_of_banner",
    "cookies_page",
    "number_of",
    "whose",
]
