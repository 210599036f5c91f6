"""Runs k6 over `day.js`, and reads what it says."""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from bench.launch import tools

_SCRIPT = Path(__file__).with_name("day.js")
_LINGERS = (
    800  # seconds after the last arrival: k6 gives those up who wait for longer than it allows
)
SIGN_UPS, PAGES, VISITS, CLICKS, CODES = "sign_ups", "pages", "visits", "clicks", "codes"


@dataclass(frozen=True)
class Day:
    """What k6 is told. `hosts`: for a host with its port, the address and port where it is asked.

    `per_minute`: how many come to do each of SIGN_UPS, PAGES, VISITS, CLICKS and CODES. `name` begins the
    addresses of the workspaces that are made; `people` are mailboxes of those who ask for a code.
    """

    name: str
    seconds: int
    per_minute: Mapping[str, int]
    site: str
    hosts: Mapping[str, str]
    pages: Sequence[str]
    visits: str  # the path at which pages tell of their visits
    links: Sequence[str]
    people: Sequence[str]
    types_for: float = 2.5  # seconds between a form and its sending


@dataclass(frozen=True)
class Came:
    """What came of it. `metrics` are k6's, by name; `said` the lines of `day.js`, in order."""

    day: Day
    metrics: Mapping[str, Mapping[str, float]]
    said: Sequence[Mapping[str, Any]] = field(default_factory=list)

    def count(self, name: str) -> int:
        return int(self.metrics.get(name, {}).get("count", 0))

    def seconds(self, what: str, measure: str = "p(95)") -> float:
        """Of those who were answered; 0 where nobody was."""
        return self.metrics.get(f"{what}_ms", {}).get(measure, 0.0) / 1000

    def answered(self, what: str) -> int:
        return self.count(f"{what}_ms")

    def failed(self, what: str) -> int:
        return self.count(f"{what}_failed")

    @property
    def missing(self) -> int:
        """Who should have come and did not, since k6 itself had too much to do."""
        return self.count("dropped_iterations")

    def reasons(self, *kinds: str, most: int = 3) -> str:
        """Why some of these failed, in words."""
        found = [str(said["why"]) for said in self.said if said.get("failed") in kinds]
        return "; ".join(found[:most])


def run(day: Day) -> Came:
    """Raises RuntimeError when k6 itself fails, and tools.CannotBeHad."""
    with tempfile.TemporaryDirectory(prefix="plg-launch-") as folder:
        summary, said = Path(folder) / "summary.json", Path(folder) / "said"
        told = json.dumps({**asdict(day), "summary": str(summary)})
        done = subprocess.run(  # noqa: S603
            [str(tools.k6()), "run", "--quiet", "--no-usage-report", "--address", "", "--log-format", "raw",
             "--console-output", str(said), "--no-color", "-e", f"DAY={told}", str(_SCRIPT)],
            cwd=folder, env={"HOME": folder, "PATH": "/usr/bin:/bin"}, capture_output=True, text=True,
            timeout=day.seconds + _LINGERS,
        )  # fmt: skip
        if done.returncode != 0 or not summary.exists():
            raise RuntimeError(
                f"k6 ended with {done.returncode}: {(done.stdout + done.stderr)[-3000:]}"
            )
        metrics = {name: each["values"] for name, each in json.loads(summary.read_text()).items()}
        lines = said.read_text().splitlines() if said.exists() else []
    return Came(day, metrics, [json.loads(line) for line in lines])
