"""Persons: who is one human, what is known of them and who says so, what they did.

What the layers above call. `erasing` and `export` of somebody are `identity.privacy`.
"""

from identity.people.attributes import known, refresh, say
from identity.people.identifiers import persons as persons_called
from identity.people.merging import NotMerged
from identity.people.precedence import Known, Source
from identity.people.subjects import Human, browser, human, owners, roots, visitor

__all__ = [
    "Human",
    "Known",
    "NotMerged",
    "Source",
    "browser",
    "human",
    "known",
    "owners",
    "persons_called",
    "refresh",
    "roots",
    "say",
    "visitor",
]
