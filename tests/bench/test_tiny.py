"""Each module of each area once, at a size that takes seconds, so that no bench rots."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from bench.measuring import modules_of
from plg_site.devstack.options import ROOT, bench_areas

pytestmark = pytest.mark.thorough


# They run older commits, too, with databases and processes of their own: minutes, at any size.
_LONG = ("footprint", "older")


@pytest.mark.parametrize(
    "area",
    [
        pytest.param(area, marks=pytest.mark.endurance) if area in _LONG else area
        for area in bench_areas()
    ],
)
def test_every_module_measures_something_at_a_tiny_size(area: str, tmp_path: Path):
    file = tmp_path / "rows.json"
    done = subprocess.run(
        [sys.executable, "-m", "bench", area, "--tiny", "--json", str(file)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=1_200,  # on a busy machine; some 100 s on a quiet one
    )
    assert done.returncode == 0, done.stdout
    rows = json.loads(file.read_text())
    assert {row["module"] for row in rows} == set(modules_of(area)), done.stdout
