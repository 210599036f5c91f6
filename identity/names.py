"""Names that people give themselves and their workspaces are data: they stand in our mails and pages,
and must not speak for us there.

A name has no line breaks and no characters that nobody sees (a line break in a subject makes a mail
that no server takes; a change of direction makes it read differently). In the subject of a mail it
names no web page either: whoever may write a sentence there could send it to anybody in our name.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import Any

from django.db import models
from publicsuffixlist import PublicSuffixList

_KEPT = {"\u200c", "\u200d"}  # joiners: Persian, and one picture out of several
_UNSEEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
_ADDRESS = re.compile(r"\S*(?:://|@)\S*|\bwww\.\S+", re.IGNORECASE)
_DOMAIN = re.compile(r"(?<![\w.])(?:[\w-]+\.)+[\w-]{2,}(?:[/:?#]\S*)?")
# What browsers take for a dot (UTS 46) and NFKC leaves, and what people do (Unicode's confusables).
_DOTS = dict.fromkeys(map(ord, "\u3002\u06d4\u0701\u0702\ua4f8\ua60e\U00010a50\U0001d16d"), ".")
_LONGEST = 60  # characters of a name in a subject
_HIDDEN = "…"


ONE_LINE = models.Q(name__regex=r"[[:cntrl:]]", _negated=True)  # for constraints


class NameField(models.CharField):
    """A column whose values are plain, whoever writes them."""

    def get_prep_value(self, value: Any) -> Any:
        value = super().get_prep_value(value)
        return plain(value) if isinstance(value, str) else value

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        """The object says what is stored."""
        value = super().pre_save(model_instance, add)
        if isinstance(value, str):
            value = plain(value)
            setattr(model_instance, self.attname, value)
        return value


def plain(text: str) -> str:
    """One line, without characters that nobody sees."""
    if text.isascii() and text.isprintable():  # nearly all
        return " ".join(text.split())
    kept = "".join(
        " " if _is_unseen(character) else character
        for character in unicodedata.normalize("NFC", text)
    )
    return " ".join(kept.split())


def without_addresses(text: str) -> str:
    """One line in which no web page and no mailbox is named: for a subject that names people's names."""
    return " ".join(map(_without_address, plain(text).split()))


def _without_address(word: str) -> str:
    """The word as it is, or without the address that a reader or a mail program would see in it."""
    read = _as_read(word)
    kept = _ADDRESS.sub(_HIDDEN, read)
    kept = _DOMAIN.sub(lambda found: _HIDDEN if _is_domain(found[0]) else found[0], kept)
    return word if kept == read else kept


def _as_read(word: str) -> str:
    """Wide, narrow and small forms as plain ones, dots as dots, without joiners and marks."""
    letters = unicodedata.normalize("NFKC", word).translate(_DOTS)
    return "".join(
        letter
        for letter in letters
        if letter not in _KEPT and unicodedata.category(letter) not in {"Mn", "Me"}
    )


def in_subject(name: object, *, otherwise: str) -> str:
    """The name as it may stand in the subject of a mail; `otherwise` where nothing of it may."""
    text = without_addresses(str(name))
    if not text.strip(f"{_HIDDEN} .,;:!?-"):
        return otherwise
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1].rstrip()}{_HIDDEN}"


def _is_unseen(character: str) -> bool:
    return unicodedata.category(character) in _UNSEEN and character not in _KEPT


def _is_domain(text: str) -> bool:
    """ "Node.js" is none, "node.com" is: what stands last is a registry's."""
    host = re.split(r"[/:?#]", text, maxsplit=1)[0].lower()
    return _suffixes().publicsuffix(host) is not None


@cache
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList(accept_unknown=False)
