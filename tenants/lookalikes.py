"""Addresses that a person could take for ours: reserved names and brand words, however they are spelt.

The skeleton is the idea of UTS 39 ("Unicode Security Mechanisms", 4), cut down to what an address can
have: small ASCII letters, digits and hyphens. Two texts with one skeleton look alike. Its table there
is about glyphs; digits that stand for letters (3 for e) are from how brands are imitated in practice.

In long names letters that differ by a dot or a tail are one, too (l and i, q and g). In short ones
they make other words: a pig is not "plg", and a mall is no "mail".
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from functools import lru_cache
from itertools import product

# In this order: what two letters look like together comes before what one looks like.
_PAIRS = (("rn", "m"), ("vv", "w"), ("cl", "d"))
_ONES = str.maketrans("02345789", "ozeastbg")
_EITHER = (("1", "li"), ("6", "bg"))  # digits that are read as one of two letters
_ALMOST = str.maketrans("iq", "lg")
WITHIN = 5  # a brand word from this length on must not be anywhere in an address


@lru_cache(maxsize=4096)
def skeletons(text: str, *, loosely: bool = False) -> frozenset[str]:
    """What the text looks like: one text, or more where it has a digit that is read as either.

    `loosely`: letters that differ by a dot or a tail are one.
    """
    found = set()
    for letters in product(*(letters for _, letters in _EITHER)):
        plain = text.lower().replace("-", "")
        for (digit, _), letter in zip(_EITHER, letters, strict=True):
            plain = plain.replace(digit, letter)
        if loosely:  # first: "cl" is a "d" then, and so is "ci"
            plain = plain.translate(_ALMOST)
        for pair, like in _PAIRS:
            plain = plain.replace(pair, like)
        found.add(plain.translate(_ONES))
    return frozenset(found)


def looks_like_any(slug: str, names: Iterable[str]) -> bool:
    """Whether the address as a whole looks like one of these."""
    looks = _looks_of(frozenset(names))
    return any(
        not looks[loosely].isdisjoint(skeletons(slug, loosely=loosely)) for loosely in (False, True)
    )


@lru_cache(maxsize=20)
def _looks_of(names: frozenset[str]) -> Mapping[bool, frozenset[str]]:
    """What the names look like: those that count as they are, and those that count loosely (`is_long`)."""
    found: dict[bool, set[str]] = {False: set(), True: set()}
    for name in names:
        found[is_long(name)] |= skeletons(name, loosely=is_long(name))
    return {loosely: frozenset(looks) for loosely, looks in found.items()}


def carries_brand(slug: str, words: Collection[str]) -> bool:
    """Whether a brand word is in the address: anywhere, or if it is short, as a part of its own."""
    for word in words:
        loosely = is_long(word)
        parts = {p for part in [slug, *slug.split("-")] for p in skeletons(part, loosely=loosely)}
        for brand in skeletons(word, loosely=loosely):
            if brand in parts:
                return True
            if loosely and any(brand in whole for whole in skeletons(slug, loosely=True)):
                return True
    return False


def is_long(name: str) -> bool:
    """Whether it is taken for itself however it is spelt, and wherever it stands."""
    return len(name) >= WITHIN
