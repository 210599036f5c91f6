"""`bin/new-product NAME`: an app that runs, made from `plg_site/product_template/` by Django's
`startapp`, and named where the platform and its checks look for products."""

import contextlib
import keyword
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from plg_site.configuration import site_file
from plg_site.devstack.options import ROOT

TEMPLATE = ROOT / "plg_site" / "product_template"
NAME = re.compile(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)*")
LONGEST = 30  # characters: a table's and a constraint's name begin with it
# What settings ask for; to know the names of apps, nothing is opened. For this process alone.
MADE_UP = {
    "DATABASE_URL": "postgres://nobody@127.0.0.1/none",
    "EVENTS_DATABASE_URL": "postgres://nobody@127.0.0.1/none",
    "REDIS_URL": "redis://127.0.0.1",
    "SECRET_KEY": "none",
    "STRIPE_SECRET_KEY": "none",
    "MAIL_OUTBOX": "1",
    "DJANGO_SETTINGS_MODULE": "plg_site.settings",
}
RULES = "tool.importlinter"
SAID = """\
Made {name}/ and tests/{name}/, and named the app in site.toml and pyproject.toml.

  bin/dev                      runs it, in databases of its own (.local/{name})
  bin/test tests/{name}{pad}      its tests
  bin/dev --check              the journey of a first user, with its steps ({name}/walk.py)
  bin/manage makemigrations    beside the running stack, after each change of {name}/models.py

Begin with {name}/models.py and {name}/catalogue.py; what each module is for: docs/adopting.md.
Name, line, mark and sender are in site.toml, colours in static/css/tokens.css. What the website says
first comes from {name}/website.py, once you write it: product/website/ is an example.
"""


class CannotMake(Exception):
    """No product of this name can be made; the message says why, and nothing was changed."""


def run(name: str, root: Path = ROOT) -> int:
    """Make it. 2 when it cannot be made."""
    try:
        make(name, root=root)
    except CannotMake as error:
        print(error, file=sys.stderr)
        return 2
    print(SAID.format(name=name, pad=" " * max(0, 12 - len(name))))
    return 0


def make(name: str, *, root: Path = ROOT) -> None:
    """App, tests, and their names in `site.toml` and `pyproject.toml`. Raises CannotMake."""
    _check(name, root)
    site, project = root / site_file.NAME, root / "pyproject.toml"
    try:
        texts = {
            site: site_file.with_product(site.read_text(), name),
            project: with_layer(project.read_text(), name),
        }
    except (OSError, ValueError) as error:
        raise CannotMake(f"Nothing was changed: {error}") from error
    made = [root / name, root / "tests" / name]
    try:
        with _rendered(name, root) as files:
            for place in made:
                shutil.copytree(files / place.relative_to(root), place)
        _tidy(made, root)
        for file, text in texts.items():
            file.write_text(text)
    except BaseException:
        for place in made:
            shutil.rmtree(place, ignore_errors=True)
        raise


def with_layer(text: str, name: str) -> str:
    """`pyproject.toml` with the app beside the sample product in every rule about imports.

    Raises ValueError where there are no such rules.
    """
    head, found, rules = text.partition(f"[{RULES}]")
    if not found:
        raise ValueError(f"pyproject.toml has no [{RULES}].")
    lines = []
    for line in rules.splitlines():
        if line.startswith("layers"):
            line = re.sub(r'"(product(?: \| \w+)*)"', rf'"\1 | {name}"', line)
        elif line.startswith(("root_packages", "source_modules", "forbidden_modules", "ancestors")):
            line = line.replace('"product"', f'"product", "{name}"')
        lines.append(line)
    return f"{head}{found}{chr(10).join(lines)}\n"


def _check(name: str, root: Path) -> None:
    if not NAME.fullmatch(name) or len(name) > LONGEST:
        raise CannotMake(
            f"{name!r} is no name for an app: small letters, digits and single underscores, a letter "
            f"first, {LONGEST} characters at most. For example: bin/new-product bookshelf"
        )
    if keyword.iskeyword(name) or keyword.issoftkeyword(name):
        raise CannotMake(f"{name!r} is a word of Python's own. Choose another name.")
    if name in site_file.own_products(root) or _is_product(root / name):
        raise CannotMake(
            f"{name}/ is a product already. To make it the one in use, set `product` in "
            f"{site_file.NAME}; to make it anew, delete {name}/ and tests/{name}/, and take its name "
            f"out of {site_file.NAME} and pyproject.toml."
        )
    for place in (root / name, root / f"{name}.py", root / "tests" / name):
        if place.exists():
            raise CannotMake(f"{place.relative_to(root)} is there already. Choose another name.")
    if taken := _labels().get(name):
        raise CannotMake(f"{taken} has the name {name!r} here already. Choose another one.")


def _is_product(folder: Path) -> bool:
    return (folder / "catalogue.py").is_file()


def _labels() -> dict[str, str]:
    """The apps of this project by label: Django wants each once."""
    from django.apps import AppConfig

    for variable, value in MADE_UP.items():
        os.environ.setdefault(variable, value)
    from plg_site import settings

    return {AppConfig.create(entry).label: entry for entry in settings.SHARED_APPS}


@contextlib.contextmanager
def _rendered(name: str, root: Path) -> Iterator[Path]:
    """The template's files with the name in them, in a folder that goes away."""
    from django.core.management import CommandError, call_command
    from django.core.management.commands import startapp

    with tempfile.TemporaryDirectory(prefix="new-product-") as temporary:
        target = Path(temporary, f"files_of_{name}")  # it, too, must be no module's name
        target.mkdir()
        try:
            call_command(startapp.Command(), name, str(target), template=str(TEMPLATE), verbosity=0)
        except CommandError as error:  # such as the name of a package of Python's or a library's
            raise CannotMake(f"{error} Nothing was changed.") from error
        yield target


def _tidy(places: list[Path], root: Path) -> None:
    """Imports stand in the order of names, and lines are as long as these are."""
    ruff = [sys.executable, "-m", "ruff"]
    for words in (
        ["check", "--no-cache", "--quiet", "--fix", "--select", "I"],
        ["format", "--no-cache", "--quiet"],
    ):
        done = subprocess.run(  # noqa: S603
            [*ruff, *words, *map(str, places)], cwd=root, capture_output=True, text=True
        )
        if done.returncode != 0:
            raise CannotMake(f"ruff cannot read what was made: {done.stdout}{done.stderr}")
