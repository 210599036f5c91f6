"""`bin/manage`: a management command with the environment of the stack that runs here.

Where the environment is given already, as in production, it is taken as it is.
"""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from plg_site.devstack import options
from plg_site.devstack.options import ROOT
from plg_site.devstack.programs import manage
from plg_site.devstack.state import State

GIVEN = ("SECRET_KEY", "DATABASE_URL")  # with these, somebody has set the environment
NOTHING_RUNS = """\
Nothing runs in {folder}: start it with bin/dev and leave it running, then ask again.
A stack in another folder: bin/manage --state DIR COMMAND. In production, where the environment is
set, commands run without a stack: {given} must be among what is set."""


def run(arguments: list[str]) -> int:
    """Become the command. 2 when there is no environment to run it in."""
    chosen, command = options.manage_parser().parse_known_args(arguments[:2])
    command += arguments[2:]
    env = _environment(chosen.state)
    if env is None:
        folder, given = chosen.state or options.DEFAULT_STATE, " and ".join(GIVEN)
        print(NOTHING_RUNS.format(folder=folder, given=given), file=sys.stderr)
        return 2
    words = manage(*command)
    os.chdir(ROOT)
    os.execve(words[0], words, dict(env))  # noqa: S606


def _environment(folder: Path | None) -> Mapping[str, str] | None:
    if folder is None and all(os.environ.get(name) for name in GIVEN):
        return os.environ
    return State(folder or options.DEFAULT_STATE).environment_of_running()
