"""Each rule says where it comes from, and what is assumed stands in the README."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import stripe_simulator
from stripe_simulator import server  # noqa: F401 (imports every rule)
from stripe_simulator.sources import Source, sources, table

ROOT = Path(stripe_simulator.__file__).parent
_DECORATORS = {"documented", "recorded", "assumed"}


def test_each_module_of_rules_names_a_source() -> None:
    without = [
        path.name
        for path in sorted((ROOT / "rules").glob("*.py"))
        if path.name != "__init__.py" and not _DECORATORS & _decorators(path)
    ]
    # What puts rules together and decides nothing by itself.
    assert without == ["one_off.py", "paying.py", "pending.py"]


def _decorators(path: Path) -> set[str]:
    return {
        ast.unparse(decorator.func)
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef)
        for decorator in node.decorator_list
        if isinstance(decorator, ast.Call)
    }


def test_a_documented_rule_names_a_page_and_an_assumed_one_says_what() -> None:
    assert len(sources("documented")) > 20
    assert len(sources("recorded")) > 5
    for one in sources():
        assert isinstance(one, Source)
        assert " " not in one.what.split(":")[0] if one.kind == "documented" else one.what


def test_what_is_assumed_stands_in_the_readme() -> None:
    assert table() in (ROOT / "README.md").read_text()


def test_what_is_assumed_is_printed_on_request() -> None:
    command = [sys.executable, "-m", "stripe_simulator.assumptions"]
    printed = subprocess.run(command, cwd=ROOT.parent, capture_output=True, text=True, check=True)
    assert printed.stdout.strip() == table()
