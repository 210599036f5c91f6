import pytest

from metering import Meter
from metering.wording.words import in_sentence, quantity, signed, things

LINKS = Meter(key="links", label="Links", event="Link Made", aggregation="count")
STORAGE = Meter(key="storage", label="Storage", event="File Kept", aggregation="sum", unit="bytes")


@pytest.mark.parametrize(
    ("size", "words"),
    [
        (0, "0 bytes"),
        (1023, "1,023 bytes"),
        (1024, "1 KB"),
        (1536, "1.5 KB"),
        (50 * 1024**2, "50 MB"),
        (10 * 1024**3, "10 GB"),
    ],
)
def test_bytes_are_read_in_the_largest_unit(size, words):
    assert quantity(STORAGE, size) == words


def test_amounts_stand_in_sentences():
    assert things(LINKS, 1000) == "1,000 links"
    assert things(STORAGE, 1024) == "1 KB of storage"
    assert in_sentence("API calls") == "API calls"


def test_a_change_has_its_sign():
    assert signed(LINKS, 3) == "+3"
    assert signed(STORAGE, -2048) == "\u22122 KB"
