"""Named places in the middle of work, at which a test kills the process. See tenants/jobs/steps.py."""

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
        os.write(sys.stderr.fileno(), f"{STANDS} {name}\n".encode())
        time.sleep(_PATIENCE)
        raise SystemExit(f"Nobody killed this process at {name}.")
