"""Which version may prepare a database: asked of the real command, with what stands in the database."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from plg_site.devstack.options import ROOT
from plg_site.doctor import database
from plg_site.models import Preparation
from plg_site.operating import preparation, versions
from plg_site.operating.versions import Declared, Standing, refusal


@pytest.fixture
def declare(tmp_path, monkeypatch):
    """What the code says of itself: its version, and its stops."""

    def said(version: str, *stops: str, unstamped: str = "0.1.0") -> None:
        file: Path = tmp_path / "versions.toml"
        quoted = ", ".join(f'"{stop}"' for stop in stops)
        file.write_text(f'version = "{version}"\nstops = [{quoted}]\nunstamped = "{unstamped}"\n')
        monkeypatch.setattr(versions, "FILE", file)

    return said


@pytest.fixture
def touched(monkeypatch):
    """The names of the steps that `prepare` began; those of the version do what they do, and the
    others, which take a minute, are left out."""
    names: list[str] = []
    whole = preparation.steps

    def noting(**options):
        for title, step in whole(**options):
            names.append(title)
            yield title, step if title.startswith("Version") else lambda: "left out"

    monkeypatch.setattr(preparation, "steps", noting)
    return names


def stamp(version: str, *, finished: bool = True) -> None:
    now = timezone.now()
    Preparation.objects.create(version=version, begun_at=now, finished_at=now if finished else None)


def rows() -> dict[str, bool]:
    found = Preparation.objects.values_list("version", "finished_at")
    return {version: finished_at is not None for version, finished_at in found}


@pytest.fixture(autouse=True)
def unstamped(db):
    Preparation.objects.all().delete()


def test_an_older_version_is_refused_and_has_changed_nothing(declare, capsys):
    stamp("1.10.0")
    declare("1.9.0")
    with pytest.raises(CommandError, match=r"prepared by version 1\.10\.0.* Install 1\.10\.0"):
        call_command("prepare")
    assert capsys.readouterr().out.split() == ["Version"]  # the title of no other step
    assert rows() == {"1.10.0": True}


def test_a_jump_over_a_stop_is_refused_and_names_what_comes_first(declare, capsys):
    stamp("1.0.0")
    declare("1.4.0", "1.3.0", "1.2.0", "0.9.0")
    with pytest.raises(CommandError, match=r"Install 1\.2\.0 first.* come back to 1\.4\.0"):
        call_command("prepare")
    assert capsys.readouterr().out.split() == ["Version"]  # the title of no other step
    assert rows() == {"1.0.0": True}


def test_step_by_step_it_goes_and_each_version_is_written_down(declare, touched, capsys):
    for version in ("1.0.0", "1.2.0", "1.3.0", "1.4.0", "1.4.0"):
        declare(version, "1.3.0", "1.2.0")
        call_command("prepare")
    assert rows() == dict.fromkeys(["1.0.0", "1.2.0", "1.3.0", "1.4.0"], True)
    assert "1.4.0, after 1.3.0" in capsys.readouterr().out
    assert touched[-1] == "Version complete"


def test_a_version_that_was_interrupted_is_in_the_way_of_an_older_one_and_no_stop_that_was_passed(
    declare,
):
    stamp("1.0.0")
    stamp("1.2.0", finished=False)
    declare("1.1.0")
    with pytest.raises(versions.CannotFollow, match=r"by version 1\.2\.0"):
        versions.begin()
    declare("1.3.0", "1.2.0")
    with pytest.raises(versions.CannotFollow, match=r"Install 1\.2\.0 first"):
        versions.begin()


def test_a_preparation_that_fails_leaves_its_version_behind_unfinished(
    declare, touched, monkeypatch
):
    declare("2.0.0")

    def breaks() -> str:
        raise CommandError("the disk is full")

    monkeypatch.setattr(versions, "finish", breaks)
    with pytest.raises(CommandError, match="the disk is full"):
        call_command("prepare")
    assert rows() == {"2.0.0": False}
    (found,) = [each for each in database.look() if "come to its end" in each.says]
    assert found.level == "problem"


def test_an_installation_from_before_versions_were_written_counts_as_the_one_that_is_named(declare):
    assert versions.standing() == Standing("0.1.0", "0.1.0")
    declare("1.0.0", "0.5.0")
    with pytest.raises(
        versions.CannotFollow, match=r"is of version 0\.1\.0.* Install 0\.5\.0 first"
    ):
        versions.begin()


def test_without_the_table_nothing_is_written_and_the_question_is_asked_all_the_same(declare):
    with connection.cursor() as cursor:  # the transaction of this test ends with a rollback
        cursor.execute("DROP TABLE plg_site_preparation")
    declare("1.0.0")
    assert versions.begin() == "1.0.0, after 0.1.0"
    declare("0.0.9")
    with pytest.raises(versions.CannotFollow):
        versions.begin()


@pytest.mark.parametrize(
    ("found", "stops", "refused"),
    [
        (Standing(), ["1.0.0"], False),  # an empty database
        (Standing("2.0.0", "2.0.0"), ["1.0.0", "2.0.0"], False),
        (Standing("1.0.0", "0.9.0"), ["1.0.0"], True),  # the stop did not come to its end
        (Standing("1.0.0", ""), ["0.9.0"], False),  # a first installation, interrupted
        (Standing("1.0.0", ""), ["1.0.0"], True),
        (Standing("1.9.0", "1.9.0"), ["1.10.0"], True),  # numbers, not letters
    ],
)
def test_stops(found, stops, refused):
    assert bool(refusal(found, Declared("2.0.0", tuple(stops), "0.1.0"))) is refused


def test_doctor_tells_of_code_that_is_older_than_its_database(declare):
    stamp("3.0.0")
    declare("2.0.0")
    (found,) = [each for each in database.look() if "this code is 2.0.0" in each.says]
    assert (found.level, found.do) == ("problem", "Install 3.0.0 or later here, too.")


def test_the_versions_that_are_declared_agree():
    ours = versions.declared()
    project = re.search(r'^version = "(.*)"$', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
    assert project is not None
    assert project[1] == ours.version
    here = versions.numbers(ours.version)
    assert all(versions.numbers(stop) <= here for stop in (*ours.stops, ours.unstamped))
    assert all(versions.numbers(ours.unstamped) < versions.numbers(stop) for stop in ours.stops)
