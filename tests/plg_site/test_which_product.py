"""The platform's tests run on fixed products, whatever a copy's own product is."""

from __future__ import annotations

import ast
from pathlib import Path

from plg_site.devstack.options import ROOT
from tests import which_product

# Test modules outside tests/product that know Signpost. The list only ever gets shorter: what needs
# no link and no file runs on the reference product (tests/which_product.py).
KNOW_SIGNPOST = {
    "tests/cms/test_promises.py",
    "tests/conftest.py",
    "tests/fuzz/test_routes.py",
    "tests/identity/signing_in/test_ways_out.py",
    "tests/plg_site/workspace_api/test_api_bodies.py",
    "tests/plg_site/test_at_once.py",
    "tests/plg_site/test_get_changes_nothing.py",
    "tests/plg_site/web/test_headers.py",
    "tests/plg_site/web/test_probes.py",
    "tests/stack/backup/scripts/furnish.py",
    "tests/stack/backup/scripts/say.py",
    "tests/stack/survival/furnish.py",
    "tests/stack/survival/recount.py",
    "tests/stack/test_faults.py",
    "tests/tenants/archive/test_bounds.py",
    "tests/tenants/archive/test_quotas.py",
    "tests/tenants/archive/test_round_trip.py",
    "tests/tenants/archive/world.py",
    "tests/tenants/domains/test_pages.py",
    "tests/tenants/fleet/test_migrate.py",
    "tests/tenants/isolation/experiment.py",
    "tests/tenants/isolation/test_carrying.py",
    "tests/tenants/isolation/test_outsiders.py",
    "tests/tenants/life/test_closed.py",
    "tests/tenants/life/test_key_holders.py",
    "tests/tenants/life/test_moving.py",
    "tests/tenants/life/test_unproved.py",
    "tests/tenants/pool/test_pool.py",
    "tests/tenants/hosts/test_ports.py",
    "tests/tenants/pool/test_preparing.py",
    "tests/tenants/signing_up/test_signup.py",
    "tests/tenants/pool/test_templates.py",
    "tests/upgrade/scripts/fleet.py",
}


def imports_of(file: Path) -> set[str]:
    """The first part of the name of each module that it imports, wherever in the file."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            found.add(str(node.module).partition(".")[0])
    return found


def test_only_these_tests_of_the_platform_know_the_sample_product():
    files = (file for file in (ROOT / "tests").rglob("*.py") if "product" in imports_of(file))
    found = {file.relative_to(ROOT).as_posix() for file in files}
    assert {file for file in found if not file.startswith("tests/product/")} == KNOW_SIGNPOST


def test_what_runs_on_the_reference_product_is_there():
    named = [*which_product.ON_REFERENCE, *which_product.STILL_ON_SIGNPOST]
    gone = [path for path in named if not (ROOT / path).exists()]
    assert gone == []


def test_nothing_that_knows_signpost_runs_on_the_reference_product():
    on_reference = {
        path for path in KNOW_SIGNPOST if which_product.product_of(path) == which_product.REFERENCE
    }
    assert on_reference == set()


def test_each_path_is_run_on_its_product_alone():
    runs = dict(which_product.runs(["-x", "tests/product/test_api.py::test_a", "tests/outbound"]))
    assert runs == {
        "product": ["-x", "tests/product/test_api.py::test_a"],
        which_product.REFERENCE: ["-x", "tests/outbound"],
    }


def test_a_word_that_is_an_apps_name_is_no_path():
    runs = dict(which_product.runs(["tests/outbound", "-k", "staff"]))
    assert runs == {which_product.REFERENCE: ["tests/outbound", "-k", "staff"]}


def test_without_a_path_all_products_are_meant():
    runs = dict(which_product.runs(["-k", "quota"]))
    assert list(runs) == which_product.products()
    assert set(map(tuple, runs.values())) == {("-k", "quota")}


def test_a_folder_with_tests_for_both_is_run_on_both():
    assert {"product", which_product.REFERENCE} <= dict(which_product.runs(["tests"])).keys()
