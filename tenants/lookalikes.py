"""Addresses that a person could take for ours: reserved names and brand words, however they are spelt.

The skeleton is the idea of UTS 39 ("Unicode Security Mechanisms", 4), cut down to what an address can
have: small ASCII letters, digits and hyphens. Two texts with one skeleton look alike. Its table there
is about glyphs; digits that stand for letters (3 for e) are from how brands are imitated in practice.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

# In this order: what two letters look like together comes before what one looks like.
_PAIRS = (("rn", "m"), ("vv", "w"), ("cl", "d"))
_ONES = str.maketrans("02345789", "ozeastbg")
_LIKE_1 = ("l", "i")  # the digit one is read as either
WITHIN = 5  # a brand word from this length on must not be anywhere in an address


def skeletons(text: str) -> set[str]:
    """What the text looks like: one text, or two where it has the digit one."""
    found = set()
    for one in _LIKE_1:
        plain = text.lower().replace("-", "").replace("1", one)
        for pair, like in _PAIRS:
            plain = plain.replace(pair, like)
        found.add(plain.translate(_ONES))
    return found


def looks_like_any(slug: str, names: Iterable[str]) -> bool:
    """Whether the address as a whole looks like one of these."""
    return not skeletons(slug).isdisjoint(*[set().union(*map(skeletons, names))])


def carries_brand(slug: str, words: Collection[str]) -> bool:
    """Whether a brand word is in the address: anywhere, or if it is short, as a part of its own."""
    parts = set().union(*(skeletons(part) for part in [slug, *slug.split("-")]))
    for word in words:
        for brand in skeletons(word):
            if brand in parts:
                return True
            if len(word) >= WITHIN and any(brand in whole for whole in skeletons(slug)):
                return True
    return False
