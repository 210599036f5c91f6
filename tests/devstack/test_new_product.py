"""`bin/new-product`: an app that runs, in a copy of the tree that goes away afterwards."""

from __future__ import annotations

import shutil
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from plg_site import landed
from plg_site.devstack import new_product
from plg_site.devstack.new_product import CannotMake
from plg_site.devstack.options import ROOT
from plg_site.devstack.stack import Stack
from tests.devstack.adopters import SECONDS, copy_of_the_tree, in_tree, shell_of


@pytest.fixture
def bare_tree(tmp_path: Path) -> Path:
    """What a product is named in, and nothing else."""
    for name in ("site.toml", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path)
    (tmp_path / "tests").mkdir()
    return tmp_path


def contents(tree: Path) -> dict[str, str]:
    return {str(path): path.read_text() for path in tree.rglob("*") if path.is_file()}


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("Shelf", "small letters"),
        ("my-shelf", "small letters"),
        ("_shelf", "small letters"),
        ("2shelves", "small letters"),
        ("a" * 31, "30 characters"),
        ("", "small letters"),
        ("class", "a word of Python's own"),
        ("match", "a word of Python's own"),
        ("json", "conflicts with the name of an existing Python module"),
        ("celery", "conflicts with the name of an existing Python module"),
        ("tests", "is there already"),
        ("account", "allauth.account has the name"),
    ],
)
def test_a_name_that_cannot_be_is_refused_in_words_and_nothing_changes(
    bare_tree: Path, name: str, words: str
) -> None:
    before = contents(bare_tree)
    with pytest.raises(CannotMake, match=words):
        new_product.make(name, root=bare_tree)
    assert contents(bare_tree) == before


def test_a_second_product_of_a_name_is_refused_and_the_first_one_stays(bare_tree: Path) -> None:
    new_product.make("my_shelf", root=bare_tree)
    before = contents(bare_tree)
    with pytest.raises(CannotMake, match="is a product already"):
        new_product.make("my_shelf", root=bare_tree)
    assert contents(bare_tree) == before


def test_a_product_is_named_where_the_platform_and_its_checks_look(bare_tree: Path) -> None:
    for name in ("first_one", "second"):
        new_product.make(name, root=bare_tree)
    site = tomllib.loads((bare_tree / "site.toml").read_text())
    assert (site["product"], site["own_products"]) == ("second", ["first_one", "second"])
    # The sample's name gives way to the first; what an adopter has written since, stays.
    brand = site["brand"]
    assert (brand["name"], brand["sender"], brand["words"]) == (
        "First one",
        "First one",
        ["firstone"],
    )
    assert (brand["line"], brand["claim"], brand["art"]) == ("", "", "")
    assert brand["mark"] == "img/mark.svg"
    assert "# What makes this copy" in (bare_tree / "site.toml").read_text()
    rules = tomllib.loads((bare_tree / "pyproject.toml").read_text())["tool"]["importlinter"]
    assert {"product", "first_one", "second"} <= set(rules["root_packages"])
    layers, *_, replaceable, stripe, simulator = rules["contracts"]
    assert "product | first_one | second" in layers["layers"]
    assert set(replaceable["forbidden_modules"]) == {"product", "first_one", "second"}
    assert {"first_one", "second"} <= set(stripe["source_modules"])
    assert {"first_one", "second"} <= set(simulator["forbidden_modules"])


def test_a_brand_that_was_written_before_stays(bare_tree: Path) -> None:
    file = bare_tree / "site.toml"
    file.write_text(file.read_text().replace('name = "Signpost"', 'name = "Shelf & Sons"'))
    before = tomllib.loads(file.read_text())["brand"]
    new_product.make("shelf", root=bare_tree)
    assert tomllib.loads(file.read_text())["brand"] == before


def test_a_failure_half_way_leaves_nothing_behind(bare_tree: Path) -> None:
    project = bare_tree / "pyproject.toml"
    project.write_text(project.read_text().replace("[tool.importlinter]", "[tool.other]"))
    before = contents(bare_tree)
    with pytest.raises(CannotMake, match=r"tool\.importlinter"):
        new_product.make("shelf", root=bare_tree)
    assert contents(bare_tree) == before


def test_the_migrations_of_a_new_product_are_its_makers_until_they_land(bare_tree: Path) -> None:
    new_product.make("shelf", root=bare_tree)
    assert landed.steps(bare_tree) == {}


def test_the_command_says_what_is_wrong_and_shows_no_traceback(
    bare_environ: dict[str, str],
) -> None:
    for name, code in (("class", 2), ("product", 2), ("account", 2)):
        ended = in_tree(ROOT, "bin/new-product", name, environ=bare_environ)
        assert (ended.returncode, "Traceback" in ended.stderr) == (code, False)
        assert name in ended.stderr


@pytest.fixture(scope="module")
def tree() -> Iterator[Path]:
    with copy_of_the_tree() as copy:
        yield copy


@pytest.fixture(scope="module")
def adopter(tree: Path, bare_environ: dict[str, str]) -> dict[str, str]:
    """The variables of somebody who works in that copy, where `bin/new-product bookshelf` was run."""
    environ = shell_of(bare_environ)
    made = in_tree(tree, "bin/new-product", "bookshelf", environ=environ)
    assert made.returncode == 0, made.stderr
    assert "bin/test tests/bookshelf" in made.stdout
    return environ


@pytest.mark.stack
@pytest.mark.thorough
def test_the_tests_of_a_new_product_pass(tree: Path, adopter: dict[str, str]) -> None:
    ended = in_tree(tree, "bin/test", "tests/bookshelf", environ=adopter)
    assert ended.returncode == 0, ended.stdout[-4_000:] + ended.stderr[-2_000:]
    assert " passed" in ended.stdout


@pytest.mark.stack
@pytest.mark.thorough
def test_the_platforms_tests_pass_beside_a_new_product(tree: Path, adopter: dict[str, str]) -> None:
    """On products of their own: one file that knows Signpost, one that knows the reference product."""
    files = ["tests/product/test_link_pages.py", "tests/reference_product/test_things.py"]
    ended = in_tree(tree, "bin/test", *files, environ=adopter)
    assert ended.returncode == 0, ended.stdout[-4_000:] + ended.stderr[-2_000:]
    assert ended.stdout.count(" passed") == 2


@pytest.mark.stack
@pytest.mark.thorough
def test_the_walk_passes_with_a_new_product(tree: Path, adopter: dict[str, str]) -> None:
    ended = in_tree(tree, "bin/dev", "--check", environ=adopter)
    assert ended.returncode == 0, ended.stdout[-4_000:] + ended.stderr[-2_000:]
    assert "make a thing" in ended.stdout
    assert "reach the limit" in ended.stdout


@pytest.mark.stack
@pytest.mark.thorough
def test_a_new_product_keeps_style_and_layers(tree: Path, adopter: dict[str, str]) -> None:
    python = str(tree / ".venv" / "bin" / "python")
    layers = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    for words in (
        ["-m", "ruff", "check", "bookshelf", "tests/bookshelf"],
        ["-m", "ruff", "format", "--check", "bookshelf", "tests/bookshelf"],
        ["-c", layers],
    ):
        ended = subprocess.run(
            [python, *words], cwd=tree, env=adopter, capture_output=True, text=True, timeout=SECONDS
        )
        assert ended.returncode == 0, ended.stdout + ended.stderr


@pytest.mark.stack
@pytest.mark.thorough
def test_a_migration_is_made_for_ones_first_model(
    tree: Path, adopter: dict[str, str], services: Stack
) -> None:
    models = tree / "bookshelf" / "models.py"
    models.write_text(
        models.read_text() + "\n\nclass Book(models.Model):\n"
        "    title = models.CharField(max_length=200)\n"
    )
    environ = {**services.env, "PYTHONPATH": str(tree), "PRODUCT_APP": "bookshelf"}
    ended = in_tree(tree, "bin/manage", "makemigrations", environ=environ)
    assert ended.returncode == 0, ended.stderr
    assert (tree / "bookshelf" / "migrations" / "0002_book.py").is_file()
