"""How much of the tests runs: what everybody waits for, what proves more, and what takes its time.

A test says where it belongs by a mark, a whole file by `pytestmark`; without one it is quick. Endurance
counts more than thoroughness: one round of a thorough file may be a long one.
"""

import ast
import functools
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

from plg_site.devstack.options import ROOT

QUICK, THOROUGH, ENDURANCE = TIERS = ("quick", "thorough", "endurance")
_EXPRESSIONS = {
    QUICK: "not (thorough or endurance)",
    THOROUGH: "thorough and not endurance",
    ENDURANCE: "endurance",
}


def expression(tiers: Collection[str]) -> str:
    """What pytest's `-m` asks for: the tests of these tiers. Empty when that is all of them."""
    if set(tiers) == set(TIERS):
        return ""
    return " or ".join(f"({_EXPRESSIONS[tier]})" for tier in TIERS if tier in tiers)


def files(paths: Iterable[Path], *, tiers: Collection[str]) -> list[Path]:
    """The files of tests at and below these paths that have any of these tiers.

    In pytest's order: that of the paths, and below a folder by name.
    """
    return [file for path in paths for file in _below(path) if not in_file(file).isdisjoint(tiers)]


def of(marks: Collection[str]) -> str:
    """The tier of a test that has these marks."""
    return next((tier for tier in (ENDURANCE, THOROUGH) if tier in marks), QUICK)


def _below(path: Path) -> list[Path]:
    return sorted(path.rglob("test_*.py")) if path.is_dir() else [path]


@functools.cache
def in_file(path: Path) -> frozenset[str]:
    """The tiers of its tests, told by the marks that stand in it, or in what it imports of tests."""
    tree = ast.parse(path.read_text())
    marks = {*_marks(tree), *_imported(tree)}
    of_all = {
        mark
        for statement in _assigned(tree, "pytestmark")
        for mark in map(_mark, _elements(statement.value))
    }
    if ENDURANCE in of_all:
        return frozenset({ENDURANCE})
    if THOROUGH in of_all:
        return frozenset({THOROUGH} | (marks & {ENDURANCE}))
    return frozenset({QUICK} | (marks & {THOROUGH, ENDURANCE}))


def _elements(value: ast.expr) -> list[ast.expr]:
    return value.elts if isinstance(value, ast.List | ast.Tuple) else [value]


def _mark(node: ast.AST) -> str | None:
    """NAME, when this is `pytest.mark.NAME`."""
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Attribute):
        return node.attr if node.value.attr == "mark" else None
    return None


def _marks(tree: ast.AST) -> Iterator[str]:
    return filter(None, map(_mark, ast.walk(tree)))


def _imported(tree: ast.Module) -> Iterator[str]:
    """Marks that have a name, which several files use: `from tests.events.log import both_stores`."""
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("tests."):
            module = ROOT / f"{str(node.module).replace('.', '/')}.py"
            if module.is_file():
                there = ast.parse(module.read_text())
                for name in node.names:
                    for statement in _assigned(there, name.name):
                        yield from _marks(statement)


def _assigned(tree: ast.Module, name: str) -> Iterator[ast.Assign]:
    for statement in tree.body:
        if isinstance(statement, ast.Assign) and any(
            isinstance(to, ast.Name) and to.id == name for to in statement.targets
        ):
            yield statement
