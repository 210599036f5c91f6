"""Amounts, money and names of dimensions as people read them."""

from metering.wording.money import in_words as money_in_words
from metering.wording.money import places as decimal_places
from metering.wording.names import register as register_names
from metering.wording.names import uuids
from metering.wording.words import in_sentence, quantity, things
from metering.wording.words import size as size_in_words

__all__ = [
    "decimal_places",
    "in_sentence",
    "money_in_words",
    "quantity",
    "register_names",
    "size_in_words",
    "things",
    "uuids",
]
