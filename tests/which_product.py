"""Which product a test runs on. Django takes its apps once a process, so each pytest has one.

The platform's tests run on fixed products, whatever PRODUCT_APP is: those of ON_REFERENCE on the reference
product, the others still on Signpost, which therefore stays in the tree. The tests of a product that
`bin/new-product` has made lie in tests/NAME, and run on that.

A pytest plugin (see addopts in pyproject.toml): it sets PRODUCT_APP by the paths that were given, before
Django reads its settings, and leaves out what needs another product. `bin/test` starts one for each.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

import pytest

from plg_site.configuration import site_file

ROOT = Path(__file__).resolve().parents[1]
REFERENCE = "tests.reference_product"
# Files and folders, from the root. Every test that needs no link and no file of Signpost's belongs here.
ON_REFERENCE = [
    "tests/cms",
    "tests/events",
    "tests/identity",
    "tests/look",
    "tests/outbound",
    "tests/reference_product",
    "tests/staff",
    "tests/stripe_scenarios",
    "tests/stripe_simulator",
]
# ... but these in them, which know links, clicks and files. This list, too, only ever gets shorter.
STILL_ON_SIGNPOST = [
    "tests/cms/test_promises.py",
    "tests/events/store/test_clickhouse_store.py",
    "tests/events/store/test_copying.py",
    "tests/events/store/test_erasing.py",
    "tests/events/consuming/test_racing.py",
    "tests/events/store/test_retention.py",
    "tests/identity/signing_in/test_ways_out.py",
]
TEST_PRODUCT = "TEST_PRODUCT"  # the variable by which `bin/test` says which one is meant


@cache
def product_of(path: Path | str) -> str:
    """The app that this test file, or most tests of this folder, need."""
    place = Path(ROOT, path).resolve()
    for name in own_products():
        if place.is_relative_to(ROOT / "tests" / name):
            return name
    if place in {ROOT / each for each in STILL_ON_SIGNPOST}:
        return site_file.SAMPLE
    if any(place.is_relative_to(ROOT / each) for each in ON_REFERENCE):
        return REFERENCE
    return site_file.SAMPLE


def products() -> list[str]:
    """All that tests run on."""
    return [site_file.SAMPLE, REFERENCE, *own_products()]


own_products = cache(site_file.own_products)  # pytest asks of each file again and again


@cache
def below(path: Path | str) -> list[str]:
    """The products that the tests of this file or folder need."""
    place = Path(ROOT, path)
    files = sorted(place.rglob("test_*.py")) if place.is_dir() else [place]
    return list(dict.fromkeys(product_of(file) for file in files))


def runs(arguments: Sequence[str]) -> Iterator[tuple[str, list[str]]]:
    """What one run of pytest with these arguments is made of: products, each with its arguments.

    A path is only for the products of the tests below it; without a path, all are meant.
    """
    paths = {each: below(path) for each in arguments if (path := _path(each)) is not None}
    for product in products():
        if not paths or any(product in found for found in paths.values()):
            yield product, [each for each in arguments if product in paths.get(each, [product])]


def _path(argument: str) -> Path | None:
    path = Path(ROOT, argument.partition("::")[0])
    is_test = path.resolve().is_relative_to(ROOT / "tests")  # `-k staff` names no folder
    return path if is_test and not argument.startswith("-") and path.exists() else None


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Iterator[None]:
    """Before pytest-django sets Django up."""
    given = early_config.known_args_namespace.file_or_dir
    chosen = os.environ.get(TEST_PRODUCT) or (product_of(given[0]) if given else site_file.SAMPLE)
    os.environ["PRODUCT_APP"] = chosen
    return (yield)


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """What needs another product than this run's, conftest.py of whole folders included."""
    if collection_path.is_dir() or collection_path.match("test_*.py"):
        found = below(collection_path)
        return (bool(found) and os.environ["PRODUCT_APP"] not in found) or None
    return None


def pytest_report_header() -> str:
    return f"product: {os.environ['PRODUCT_APP']} (tests/which_product.py)"
