"""A run over the modules of an area: one that fails is reported, and the others are measured."""

from __future__ import annotations

import os
import traceback
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from importlib import import_module
from pathlib import Path

from bench import project
from bench.figures import Failure, Figure, table, write
from bench.sizes import TINY, Size
from plg_site.devstack.progress import step
from plg_site.devstack.stack import Stack


def modules_of(area: str, *, only: Sequence[str] = ()) -> list[str]:
    """The modules of an area in the order that its package lists them. Raises LookupError."""
    listed = list(import_module(f"bench.{area}").MODULES)
    if unknown := [name for name in only if name not in listed]:
        raise LookupError(f"{area} has {', '.join(listed)}; not {', '.join(unknown)}")
    return [name for name in listed if name in only] if only else listed


@dataclass
class Run:
    """What was measured so far; `file` is written again after each module."""

    area: str
    size: Size
    file: Path | None = None
    figures: list[Figure] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)

    def measure(self, modules: Sequence[str], *, stack: Stack) -> None:
        """One module after the other, each with an event log of its own if it sets one up."""
        os.environ.update(stack.env)
        for name in modules:
            try:
                with step(name) as shown:
                    found = self._measure(name, stack)
                    shown.note = f"{sum(figure.holds for figure in found)} of {len(found)} hold"
            except Exception as error:
                traceback.print_exc()
                self.failures.append(Failure(name, error))
            self._write()

    def report(self) -> str:
        """The table, and in words what came of it."""
        broken = [f"{each.module} failed: {each.error!r}" for each in self.failures]
        short = [figure.name for figure in self.figures if not figure.holds]
        if self.size is TINY:
            words = ["A tiny run: the figures mean nothing."]
            if void := [figure.name for figure in self.figures if figure.why_void]:
                words.append(f"Void, which a full run does not let pass: {'; '.join(void)}")
        elif short:
            words = [f"Does not hold: {'; '.join(short)}"]
        else:
            words = ["" if broken else "Every bar holds."]
        return "\n".join([table(self.figures), "", *broken, *words])

    @property
    def exit_code(self) -> int:
        """1 when a module failed, nothing was measured, or a bar does not hold (if it is held)."""
        if self.failures or not self.figures:
            return 1
        return int(self.size is not TINY and not all(figure.holds for figure in self.figures))

    def _measure(self, name: str, stack: Stack) -> list[Figure]:
        try:
            module = import_module(f"bench.{self.area}.{name}")
            found: list[Figure] = module.figures(size=self.size, stack=stack)
        finally:
            project.tear_down()
        found = [replace(figure, module=name) for figure in found]
        self.figures += found
        return found

    def _write(self) -> None:
        if self.file:
            write([*self.figures, *self.failures], self.file)
