"""Both commits, each as `bin/dev` runs it, in a state folder of its own that is empty at first."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from bench import against
from bench.against import Code, NoHistory, Side, SideFailed, medians
from bench.figures import Figure
from bench.sizes import TINY, Size
from plg_site.devstack.state import State

COMMIT = "5ec79f5"
# All who sign up come from this machine.
_ENVIRON = {"SIGNUP_RATE_LIMIT": "100000/m/ip", "LOGIN_RATE_LIMIT": "100000/m/ip",
            "SIGNUPS_BY_ADDRESS": "100000/m", "SIGNUPS_BY_DEVICE": "100000/m"}  # fmt: skip
_WALK_SECONDS = 300


def both(size: Size) -> list[Code]:
    """Then and now. In a tiny run without history: none. Raises NoHistory."""
    try:
        return [against.checked_out(COMMIT), against.PRESENT]
    except NoHistory:
        if size is not TINY:
            raise
        return []


@contextmanager
def running(code: Code) -> Iterator[Side]:
    folder = Path(tempfile.mkdtemp(prefix="plg-footprint-"))
    try:
        with code.running(folder, environ=_ENVIRON) as side:
            yield side
    finally:
        State(folder).remove()


def walk(side: Side) -> None:
    """Raises SideFailed."""
    done = subprocess.run(  # noqa: S603
        [str(side.code.python), "manage.py", "walk", "--site", side.site],
        env=dict(side.env), cwd=side.code.tree, capture_output=True, text=True,
        timeout=_WALK_SECONDS,
    )  # fmt: skip
    if done.returncode != 0:
        raise SideFailed(f"The walk in {side.code.name}:\n{(done.stdout + done.stderr)[-4000:]}")


def figure(
    name: str,
    columns: Sequence[Sequence[float]],
    *,
    unit: str,
    bar: float,
    more: bool = False,
    note: str = "",
    void: str = "",
) -> Figure:
    """A row of both sides' values, then and now; without any it was skipped."""
    then, now = medians(columns) if columns else (0.0, 0.0)
    runs = "; then: ".join(", ".join(f"{each:.3g}" for each in side) for side in columns[::-1])
    return Figure(
        name=name,
        value=now,
        unit=unit,
        reference=f"{unit} at commit {COMMIT}",
        reference_value=then,
        bar=bar,
        better="more" if more else "less",
        note="; ".join(filter(None, [f"runs: {runs}" if runs else "", note])),
        void=void or ("" if columns else f"skipped: this clone does not have commit {COMMIT}"),
    )
