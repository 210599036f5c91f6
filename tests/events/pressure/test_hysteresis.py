"""A level is taken when signals have spoken for it for a while, and left one at a time after calm."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.pressure.hysteresis import FALLS_AFTER, RISES_AFTER, Hysteresis
from events.pressure.signals import LEAVES, Signal
from tests.events.pressure.signals import Said

CALM, ONE, TWO, THREE = 0.0, 10.0, 50.0, 100.0


def run(values: list[float | None], *, every: float = 2.0, own: int = 0) -> list[int]:
    """The levels after each look."""
    hysteresis, levels = Hysteresis(), []
    for number, value in enumerate(values):
        own = hysteresis.step(own, [Said(value).reading()], now=number * every)
        levels.append(own)
    return levels


def test_a_peak_of_one_look_changes_nothing():
    assert run([CALM, THREE, CALM, CALM, THREE, CALM]) == [0] * 6


def test_what_lasts_leads_to_its_level_and_at_most_as_far_as_it_was_said_all_the_time():
    assert run([TWO] * 4) == [0, 0, 0, 2]
    assert run([TWO, THREE, ONE, THREE]) == [0, 0, 0, 1]


def test_a_level_is_left_only_after_calm_one_at_a_time():
    looks = int(FALLS_AFTER // 2)
    levels = run([CALM] * (3 * looks + 6), own=3)
    assert levels[looks - 1] == 3
    assert sorted(set(levels), reverse=True) == [3, 2, 1, 0]
    assert [levels.count(level) for level in (3, 2, 1)] == [looks, looks, looks]


def test_what_stays_just_below_the_threshold_holds_the_level():
    assert set(run([TWO * LEAVES + 0.1] * 500, own=2)) == {2}


def test_what_nobody_knows_changes_nothing():
    assert set(run([None] * 500, own=2)) == {2}


def test_the_highest_signal_counts_and_one_that_is_not_known_does_not():
    readings = [Said(CALM).reading(), Said(None).reading(), Said(THREE).reading()]
    hysteresis = Hysteresis()
    levels = [hysteresis.step(0, readings, now=at) for at in (0.0, RISES_AFTER)]
    assert levels == [0, 3]


@given(
    st.lists(st.one_of(st.none(), st.floats(0, 200)), min_size=2, max_size=300),
    st.integers(0, 3),
)
def test_law_it_never_falls_by_more_than_one_nor_sooner_than_after_calm(values, own):
    levels = [own, *run(values, own=own)]
    fell = [at for at in range(1, len(levels)) if levels[at] < levels[at - 1]]
    assert all(levels[at - 1] - levels[at] == 1 for at in fell)
    assert all((later - at) * 2.0 >= FALLS_AFTER for at, later in pairwise(fell))


@given(st.lists(st.floats(0, 200), min_size=2, max_size=100))
def test_law_it_rises_only_to_what_all_looks_of_a_while_spoke_for(values):
    levels = run(values)
    for at in range(1, len(levels)):
        if levels[at] > levels[at - 1]:
            spoke = [Said(each).reading().speaks_for for each in values[at - 3 : at + 1]]
            assert levels[at] <= min(spoke)


@pytest.mark.parametrize("thresholds", [(3, 2, 1), (1, 1, 2), (None, None, None), (1, 2)])
def test_thresholds_that_do_not_rise_are_a_fault(thresholds):
    with pytest.raises(ValueError, match="rise"):
        Signal("x", "X", thresholds, lambda: 0.0)


def test_a_signal_need_not_speak_for_every_level():
    signal = Signal("x", "X", (75, 100, None), lambda: 100.0)
    assert type(Said().reading())(signal, 100.0).speaks_for == 2
