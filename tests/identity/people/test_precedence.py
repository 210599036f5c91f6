"""What is believed of all that was said."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from identity.people.precedence import MOST, Said, Source, believed

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


def said(name, value, source=Source.SERVER, *, minute=0, event=0) -> Said:
    return Said(name, value, source, NOON + timedelta(minutes=minute), UUID(int=event))


statements = st.lists(
    st.builds(
        said,
        st.sampled_from(["plan", "city"]),
        st.sampled_from([None, "a", "b", 1]),
        st.sampled_from(list(Source)),
        minute=st.integers(0, 3),
        event=st.integers(0, 5),
    ),
    max_size=12,
    unique_by=lambda each: (each.name, each.event),
)


@given(statements, st.randoms(use_true_random=False))
def test_the_order_and_repetition_of_what_was_said_does_not_matter(all_said, random):
    mixed = [*all_said, *random.choices(all_said, k=len(all_said))] if all_said else []
    random.shuffle(mixed)
    assert believed(mixed) == believed(all_said)


@given(statements)
def test_it_is_what_the_first_of_the_sources_said_last(all_said):
    found = believed(all_said)
    for name in {each.name for each in all_said}:
        expected = None
        for source in Source:
            words = [each for each in all_said if (each.name, each.source) == (name, source)]
            last = max(words, key=lambda each: each.newness, default=None)
            if last is not None and last.value is not None:
                expected = last.value
                break
        assert (found[name].value if name in found else None) == expected


def test_what_people_say_themselves_is_believed_before_a_newer_word_of_a_server():
    words = [said("city", "Oslo", Source.GIVEN), said("city", "Rome", minute=9, event=1)]
    assert believed(words)["city"].value == "Oslo"
    taken_back = said("city", None, Source.GIVEN, minute=1, event=2)
    assert believed([*words, taken_back])["city"].value == "Rome"


def test_it_has_a_bound():
    assert len(believed([said(f"n{i}", i, event=i) for i in range(MOST + 50)])) == MOST
