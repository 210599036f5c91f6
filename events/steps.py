"""Named places in the middle of work, at which a test kills the process.

    step("claim.schema-taken")

does nothing. Where the environment has `PLG_STOP_AT=claim.schema-taken`, the process says on its
standard error that it stands there and waits to be killed: a test can then SIGKILL it, or the
database behind it, at exactly this place and look at what is left.
"""

from __future__ import annotations

import os
import sys
import time

_STOP_AT = os.environ.get("PLG_STOP_AT", "")
STANDS = "PLG_STOP_AT: stands at"  # what a test waits for, followed by the name
_PATIENCE = 300.0  # seconds; a process that nobody kills ends by itself


def step(name: str) -> None:
    """A place that has a name. It costs a comparison of two words."""
    if name == _STOP_AT:
        _wait_to_be_killed(name)


def _wait_to_be_killed(name: str) -> None:
    os.write(sys.stderr.fileno(), f"{STANDS} {name}\n".encode())  # in one piece: others stand, too
    time.sleep(_PATIENCE)
    raise SystemExit(f"Nobody killed this process at {name}.")
