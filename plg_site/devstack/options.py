"""The command lines of the scripts of bin/, read before anything is installed."""

import argparse
import os
from pathlib import Path

from plg_site.configuration import site_file

ROOT = Path(__file__).resolve().parents[2]
LOCAL = ROOT / ".local"
# The variable that says with which version `bin/test --python` runs, from one start to the next.
OTHER_PYTHON = "PLG_OTHER_PYTHON"


def default_state() -> Path:
    """Each product has databases of its own: what one has made, another does not know."""
    product = os.environ.get("PRODUCT_APP") or site_file.product()
    return LOCAL if product == site_file.SAMPLE else LOCAL / product


DEFAULT_STATE = default_state()

DEV = """\
Runs the whole project on this machine: PostgreSQL, Redis, a Stripe simulator, the website, the
worker, the scheduler and the event consumer, under one supervisor with one log. Ctrl-C stops all
that it started; after a crash the next start carries on with everything that was committed.
"""
DEV_NOTES = """\
environment:
  DATABASE_URL, EVENTS_DATABASE_URL   your PostgreSQL instead of the embedded one (give both)
  EVENTS_DATABASE_URL                 alone, with clickhouse://: events go there instead
  REDIS_URL                           your Redis or Valkey instead of the embedded one
  STRIPE_SECRET_KEY                   a Stripe test key instead of the simulator; then give
                                      STRIPE_WEBHOOK_UUID and STRIPE_WEBHOOK_SECRET, too
  EMAIL_URL                           smtp://user:password@host:587 instead of the outbox page
  BIND_HOST                           the address that the web process listens on; 127.0.0.1 unless
                                      told otherwise (0.0.0.0 opens it to your network, which asks
                                      for EMAIL_URL and STRIPE_SECRET_KEY)
  PYTHON                              the Python that makes the virtual environment

files:
  .venv/              the virtual environment with the packages of requirements.txt
  DIR/postgres/       the databases (or a link to /var/tmp when run as root below a private folder)
  DIR/secrets         passwords and keys that were made up for this state
  DIR/log/dev.log     the log of every process
  Deleting DIR (.local) starts afresh.
"""
TEST = """\
Runs every check of the project against real services: lint, format, types, layer contract,
missing migrations, system checks, unit and integration tests, a look in Chromium, and the walk.
They run side by side, one more at a time than there are cores; what each says is shown when it ends.
"""
TEST_NOTES = """\
A test is of one tier, by a mark in its file (pytest.mark.thorough, pytest.mark.endurance; without
one it is quick). Tiers are added up: CI runs `bin/test --quick --thorough`. The summary says what
each group took, and how much of the processor.

Anything else is handed to pytest, and then only pytest runs, whatever the tier unless one is given:
  bin/test tests/metering              one folder
  bin/test -k "quota and not soft"     by name
  bin/test tests/metering -x --pdb     any pytest option

Groups of tests that run beside each other have databases of their own: test_NAME_0, test_NAME_1 and
so on, and the next ones of Redis after the one that REDIS_URL names.

Chromium is looked for on PATH. Without it, `apt-get install chromium` is tried when run as root
on Debian; otherwise the browser tests are reported as skipped.
"""
TIERS = {
    "quick": "what runs when no tier is given: some minutes",
    "thorough": "what that leaves out: kills, outages, upgrades from older commits, every page, every"
    " documented command, benches at a tiny size",
    "endurance": "long outages and many rounds of kills: outside CI, one after the other",
}
BENCH = """\
Measures an area of the project against private services that are started for the run and removed
afterwards: one row a figure, each with its reference of the same run and the bar it is held to.
What the references are, and why they are fair: bench/README.md.
"""
BENCH_NOTES = """\
Exit code 0: every bar holds. 1: one does not, or a module failed; the others are still measured.

A full run takes the whole machine for many minutes: let nothing else run beside it.
"""

NEW_PRODUCT = """\
Makes a product that runs, in the place of the sample: a model with its migration, a page, an API, meters,
plans, events, what a new workspace finds, a demo, its steps of the walk, and tests.
"""
NEW_PRODUCT_NOTES = """\
It is a Django app of that name beside the platform's, its tests in tests/NAME; site.toml then names it as
the product. The sample stays where it is, for the platform's own tests. What to do next is printed, and
stands in docs/adopting.md.
"""

UPGRADE = """\
Says what taking a later version of the platform into this copy would change, and what would conflict with
changes of your own. Nothing is written.
"""
UPGRADE_NOTES = """\
Exit code 0: nothing conflicts. 1: something does. 2: it cannot be told, for example before a git fetch.
"""


def dev_parser() -> argparse.ArgumentParser:
    """Options of `bin/dev`."""
    parser = _parser("bin/dev", DEV, DEV_NOTES)
    parser.add_argument(
        "--port", type=_port, default=None, metavar="N",
        help="web on N (8000 unless given), the Stripe simulator on N+1",
    )  # fmt: skip
    shown = DEFAULT_STATE.relative_to(ROOT)
    _add_state(parser, DEFAULT_STATE, str(shown))
    parser.add_argument(
        "--domain", metavar="NAME",
        help="a domain whose names all lead to 127.0.0.1 (a record *.NAME): for Safari and for programs"
        " that do not find names below localhost; the site is plg.NAME",
    )  # fmt: skip
    parser.add_argument(
        "--check", action="store_true",
        help="walk the main journey against a fresh stack on free ports, then stop; exit 0 or 1",
    )  # fmt: skip
    return parser


def test_parser() -> argparse.ArgumentParser:
    """Options of `bin/test`; what it does not know is pytest's."""
    parser = _parser("bin/test", TEST, TEST_NOTES)
    for tier, said in TIERS.items():
        parser.add_argument(
            f"--{tier}", dest="tiers", action="append_const", const=tier, default=[], help=said
        )
    _add_state(parser, LOCAL / "test", ".local/test")
    parser.add_argument(
        "--stripe-live", action="store_true",
        help="the scenarios of tests/stripe_scenarios against Stripe's test mode, with the key in"
        " STRIPE_TEST_KEY, instead of the simulator",
    )  # fmt: skip
    parser.add_argument(
        "--python", metavar="NAME",
        help="with another Python, like python3.13, in a virtual environment of its own below .local/",
    )  # fmt: skip
    return parser


def bench_parser() -> argparse.ArgumentParser:
    """Options of `bin/bench`."""
    parser = _parser("bin/bench", BENCH, BENCH_NOTES)
    areas = bench_areas()
    parser.add_argument("area", choices=areas, help=f"one of: {', '.join(areas)}", metavar="AREA")
    parser.add_argument(
        "--only", default=[], action="append", metavar="NAME",
        help="a module of the area, such as throughput; may be given several times",
    )  # fmt: skip
    parser.add_argument(
        "--json", type=lambda text: Path(text).resolve(), metavar="FILE",
        help="write the rows there, too; after each module, so that a broken run leaves what it has",
    )  # fmt: skip
    how_much = parser.add_mutually_exclusive_group()
    how_much.add_argument(
        "--tiny", action="store_true",
        help="a size that takes seconds and proves only that everything runs; bars are not held",
    )  # fmt: skip
    how_much.add_argument(
        "--part", type=_part, default=1.0, metavar="X",
        help="counts and durations of this part of the full size, such as 0.2; bars are held",
    )  # fmt: skip
    return parser


def manage_parser() -> argparse.ArgumentParser:
    """Options of `bin/manage`, which stand before the command; `--help` is Django's."""
    parser = argparse.ArgumentParser(prog="bin/manage", add_help=False, allow_abbrev=False)
    parser.add_argument("--state", type=lambda text: Path(text).resolve(), default=None)
    return parser


def new_product_parser() -> argparse.ArgumentParser:
    """Options of `bin/new-product`."""
    parser = _parser("bin/new-product", NEW_PRODUCT, NEW_PRODUCT_NOTES)
    parser.add_argument("name", metavar="NAME", help="of the app: small letters, like bookshelf")
    return parser


def upgrade_parser() -> argparse.ArgumentParser:
    """Options of `bin/upgrade`."""
    parser = _parser("bin/upgrade", UPGRADE, UPGRADE_NOTES)
    parser.add_argument(
        "--check", required=True, metavar="REF",
        help="a branch, tag or commit of the platform that was fetched, like platform/main",
    )  # fmt: skip
    return parser


def bench_areas() -> list[str]:
    """The packages below bench/ that list their MODULES."""
    packages = (ROOT / "bench").glob("*/__init__.py")
    return sorted(path.parent.name for path in packages if "MODULES" in path.read_text())


def _parser(program: str, description: str, notes: str) -> argparse.ArgumentParser:
    return argparse.ArgumentParser(
        prog=program,
        description=description,
        epilog=notes,
        allow_abbrev=False,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


def _add_state(parser: argparse.ArgumentParser, default: Path, shown: str) -> None:
    parser.add_argument(
        "--state", type=lambda text: Path(text).resolve(), default=default, metavar="DIR",
        help=f"folder for databases, secrets, media and logs ({shown} unless given)",
    )  # fmt: skip


def _part(text: str) -> float:
    try:
        part = float(text)
    except ValueError:
        part = 0.0
    if not 0 < part <= 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number above 0, up to 1")
    return part


def _port(text: str) -> int:
    number = int(text) if text.isdigit() else 0
    if not 1 <= number <= 65534:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port between 1 and 65534")
    return number
