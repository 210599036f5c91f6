"""Readers: who follows the whole log, and neither loses nor doubles.

    readers.register(Reader("warehouse", write_rows, starts="beginning", place=PsycopgPlace(url)))

What others need is named here; the README of events tells how a reader goes on.
"""

from events.readers.control import erase
from events.readers.django_place import DjangoPlace
from events.readers.place import Place
from events.readers.psycopg_place import PsycopgPlace
from events.readers.reader import NotNow, Reader, register, registered
from events.readers.standing import Standing, standings

__all__ = [
    "DjangoPlace",
    "NotNow",
    "Place",
    "PsycopgPlace",
    "Reader",
    "Standing",
    "erase",
    "register",
    "registered",
    "standings",
]
