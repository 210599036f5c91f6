"""Debian's packages, where this process may install them: as root, with apt."""

import os
import shutil
import subprocess
from collections.abc import Callable

SECONDS = 240


def install(package: str, say: Callable[[str], None]) -> None:
    """Try to install it; who wants to know whether it worked looks for what it brings."""
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return
    command = ["apt-get", "install", "-y", "-q", "--no-install-recommends", package]
    say(f"apt-get install {package}")
    if not _runs(command):
        say("apt-get update")
        _runs(["apt-get", "update", "-q"])
        say(f"apt-get install {package}")
        _runs(command)


def _runs(command: list[str]) -> bool:
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    try:
        done = subprocess.run(  # noqa: S603
            command, env=env, stdin=subprocess.DEVNULL, capture_output=True, timeout=SECONDS
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0
