"""Persons: who is one human, what is known of them and who says so, what they did.

What the layers above call. `erasing` and `export` of somebody are `identity.privacy`.
"""

from identity.people.attributes import known, refresh, say
from identity.people.consents import of as consents_of
from identity.people.identifiers import of as called
from identity.people.identifiers import persons as persons_called
from identity.people.merging import NotMerged
from identity.people.merging import by_staff as merge
from identity.people.merging import of as merges
from identity.people.merging import undo as part
from identity.people.precedence import Known, Source
from identity.people.subjects import Human, browser, human, owners, roots, visitor
from identity.people.timeline import page as timeline_of

__all__ = [
    "Human",
    "Known",
    "NotMerged",
    "Source",
    "browser",
    "called",
    "consents_of",
    "human",
    "known",
    "merge",
    "merges",
    "owners",
    "part",
    "persons_called",
    "refresh",
    "roots",
    "say",
    "timeline_of",
    "visitor",
]
