"""Before a deployment's processes start: what made the rollups must be what reads them.

By whichever cause they are not: a definition or the code's format changed, an SQL step was edited,
tables of another version are left over, or numbers simply differ from what the raw events say (some
days are counted again). Then all of it is rebuilt, or nothing starts.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import date

from metering import progress, rebuild, trust
from metering.catalogue import meters
from metering.rebuild import Rebuild
from metering.rollups import rollups
from metering.rollups.protocol import TookTooLong

LOOK_WITHIN = 5.0  # seconds for a day that is counted again; one that takes longer is left out
_NEWEST, _OTHERS = 2, 2  # days that are looked at

Say = Callable[[str], None]


class NotOfOneMaking(Exception):
    """The rollups are not what this code reads, and a rebuild cannot mend that. Says why."""


def settle(*, say: Say = lambda line: None, later: bool = False) -> dict[str, str]:
    """Make the rollups what this code reads; returns the meters that still are not, with reasons.

    In a log without events all definitions are in force as they are. `later` leaves the rebuild to
    `rebuild_rollups`; until then every question is answered from the raw events.
    Raises NotOfOneMaking, CannotRebuild (a process with an older catalogue goes on), StoreUnavailable.
    """
    if deviations := rollups().misshapen():
        raise NotOfOneMaking(
            f"The tables of the rollups are not those of this version: {'; '.join(deviations)}. What"
            f" made them is another version, or somebody's hand: nothing starts on them."
        )
    if rebuild.outdated() and rollups().is_empty():
        rollups().forget(rollups().definitions().keys() - meters().keys())
        rollups().finish(rollups().begin(rebuild.fingerprints(meters().values())))
    why = rebuild.outdated() or _found_by_counting_again()
    if why and not later:
        _rebuild(why, say)
        why = rebuild.outdated()
    trust.forget()
    return why


def _found_by_counting_again() -> dict[str, str]:
    """Some days, beside what the raw events say. All meters are doubted when one differs."""
    for day in _days():
        with suppress(TookTooLong):
            if rollups().differences(day, meters=list(meters().values()), within=LOOK_WITHIN):
                rebuild.doubt()
                return dict.fromkeys(meters(), f"{day} is not what the raw events say")
    return {}


def _days() -> Iterator[date]:
    """The newest, and some others."""
    first = rebuild.first_day()
    days = [day for day in rollups().days(meters=list(meters())) if not first or day >= first]
    past = [day for day in days if day <= date.today()]
    yield from past[-_NEWEST:]
    others = past[:-_NEWEST]
    yield from random.sample(others, min(_OTHERS, len(others)))


def _rebuild(why: dict[str, str], say: Say) -> None:
    for key, reason in why.items():
        say(f"{key}: {reason}")
    wanted = Rebuild(list(why), since=rebuild.first_day())
    for line in progress.lines(wanted.run()):
        say(line)
