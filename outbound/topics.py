"""What a message is about, and so what may be done with it. Apps register their topics in `ready`.

A topic that nobody has registered is marketing: only who has asked for it gets it. Code is reviewed,
so whoever registers a topic as transactional there has the right to.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass


class Kind(enum.StrEnum):
    """Transactional: part of what somebody does or owns, always comes. Product: comes until they say
    no. Marketing: comes once they have said yes."""

    TRANSACTIONAL = "transactional"
    PRODUCT = "product"
    MARKETING = "marketing"


class Capped(enum.StrEnum):
    """What becomes of a message when somebody has had enough for the day."""

    HOLD = "hold"
    SKIP = "skip"


@dataclass(frozen=True)
class Topic:
    """`key` is stored. `label` and `text` stand on the page where people choose, and the text is what
    they are shown when they say yes or no.

    `is_code`: codes and links that somebody waits for; they go first, and are never held or capped.
    `when_capped`: without a word of its own, product mail waits and marketing is dropped. `channels`:
    by which it comes, so that people may say no to each. `is_digest`: it sums up what stands elsewhere,
    so it may come later.
    """

    key: str
    kind: Kind = Kind.MARKETING
    label: str = ""
    text: str = ""
    is_code: bool = False
    when_capped: Capped | None = None
    is_digest: bool = False
    channels: tuple[str, ...] = ("mail",)

    def __post_init__(self) -> None:
        if self.is_code and self.kind != Kind.TRANSACTIONAL:
            raise ValueError(f"{self.key}: only a transactional topic has codes")
        if self.is_digest and not self.is_optional:
            raise ValueError(f"{self.key}: what always comes is no digest")

    @property
    def is_optional(self) -> bool:
        """Whether people may say no to it."""
        return self.kind != Kind.TRANSACTIONAL

    @property
    def comes_unasked(self) -> bool:
        """What holds for who has said neither yes nor no."""
        return self.kind != Kind.MARKETING

    @property
    def priority(self) -> int:
        """0 goes first."""
        if self.is_code:
            return 0
        return 2 if self.is_optional else 1

    @property
    def over_the_cap(self) -> Capped:
        if self.when_capped is not None:
            return self.when_capped
        return Capped.SKIP if self.kind == Kind.MARKETING else Capped.HOLD


PRIORITIES = (0, 1, 2)
CODES = Topic("codes", Kind.TRANSACTIONAL, is_code=True)
ACCOUNT = Topic("account", Kind.TRANSACTIONAL)  # what happens to somebody's account
WEBSITE = Topic("website", Kind.TRANSACTIONAL)  # to those who look after it
NEWS = Topic(
    "news",
    Kind.MARKETING,
    label="News",
    text="What is new in the product, and what others do with it, now and then.",
)

_registered: dict[str, Topic] = {}


def register(*topics: Topic) -> None:
    """Know these from now on; they stand on the page in the order of registration."""
    for topic in topics:
        _registered[topic.key] = topic


def get(key: str) -> Topic:
    """The topic of this name; marketing where nobody knows it."""
    return _registered.get(key) or Topic(key)


def optional() -> list[Topic]:
    """Those that people may say no to."""
    return [topic for topic in _registered.values() if topic.is_optional]


register(CODES, ACCOUNT, WEBSITE, NEWS)
