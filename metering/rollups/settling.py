"""Before a deployment's processes start: what made the rollups must be what reads them.

By whichever cause they are not: a definition or the code's format changed, an SQL step was edited,
tables of another version are left over, or numbers simply differ from what the raw events say (some
days are counted again). Then all of it is rebuilt, or nothing starts.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, date, datetime

from metering.definitions.catalogue import meters
from metering.rollups import progress, rebuild, trust
from metering.rollups.chosen import rollups
from metering.rollups.protocol import TookTooLong
from metering.rollups.rebuild import Rebuild

LOOK_WITHIN = 5.0  # seconds for all days that are counted again
_NEWEST = 2  # days that are looked at first

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
    """As many days as the time allows, beside what the raw events say: the newest, then others.

    All meters are doubted when one differs.
    """
    give_up_at = time.monotonic() + LOOK_WITHIN
    for day in _days():
        if (left := give_up_at - time.monotonic()) <= 0:
            break
        with suppress(TookTooLong):
            if rollups().differences(day, meters=list(meters().values()), within=left):
                rebuild.doubt()
                return dict.fromkeys(meters(), f"{day} is not what the raw events say")
    return {}


def _days() -> list[date]:
    first, today = rebuild.first_day(), datetime.now(UTC).date()
    past = [
        day
        for day in rollups().days(meters=list(meters()))
        if day <= today and not (first and day < first)
    ]
    others = past[:-_NEWEST]
    return [*reversed(past[-_NEWEST:]), *random.sample(others, len(others))]


def _rebuild(why: dict[str, str], say: Say) -> None:
    for key, reason in why.items():
        say(f"{key}: {reason}")
    wanted = Rebuild(list(why), since=rebuild.first_day())
    for line in progress.lines(wanted.run()):
        say(line)
