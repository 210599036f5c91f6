"""Each module of each area once, at a size that takes seconds, so that no bench rots."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bench.measuring import modules_of
from plg_site.devstack.options import ROOT, bench_areas

pytestmark = pytest.mark.thorough


# Minutes at any size: whole installations, of older commits or of growing size.
_LONG = {
    "billing": ["webhooks"],
    "footprint": modules_of("footprint"),
    "growth": modules_of("growth"),
    "launch": modules_of("launch"),
    "older": modules_of("older"),
    "collector": ["older"],
    "tenants": ["size"],
}


def _runs() -> Iterator[Any]:
    for area in bench_areas():
        long = _LONG.get(area, [])
        if short := [name for name in modules_of(area) if name not in long]:
            yield pytest.param(area, short, id=area)
        if long:
            yield pytest.param(area, long, id=f"{area}, long", marks=pytest.mark.endurance)


@pytest.mark.parametrize(("area", "modules"), list(_runs()))
def test_every_module_measures_something_at_a_tiny_size(
    area: str, modules: list[str], tmp_path: Path
):
    file = tmp_path / "rows.json"
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "bench",
            area,
            "--tiny",
            "--json",
            str(file),
            *(f"--only={name}" for name in modules),
        ],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=1_200,  # on a busy machine; some 100 s on a quiet one
    )
    assert done.returncode == 0, done.stdout
    rows = json.loads(file.read_text())
    assert {row["module"] for row in rows} == set(modules), done.stdout
