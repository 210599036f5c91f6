"""People, their logins, and what they have signed up for and in with."""

from identity.models.known import (
    Erasure,
    PersonAttribute,
    PersonIdentifier,
    PersonMerge,
    PurposeConsent,
)
from identity.models.people import Person, PersonAlias, User
from identity.models.provider import DerivedSession, Grant, SigningKey
from identity.models.security import MailChoice, SignIn
from identity.models.sign_ups import Beginning, MailedCode, Merge
from identity.models.sources import EventName, Source, Trouble

__all__ = [
    "Beginning",
    "DerivedSession",
    "Erasure",
    "EventName",
    "Grant",
    "MailChoice",
    "MailedCode",
    "Merge",
    "Person",
    "PersonAlias",
    "PersonAttribute",
    "PersonIdentifier",
    "PersonMerge",
    "PurposeConsent",
    "SignIn",
    "SigningKey",
    "Source",
    "Trouble",
    "User",
]
