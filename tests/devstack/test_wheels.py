"""Which pins have wheels elsewhere, asked of a folder with a handful of made-up ones by the real pip."""

from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path

import pytest

from plg_site.devstack import wheels
from plg_site.devstack.wheels import CannotTell, Machine

ANYWHERE = "py3-none-any"
LINUX = "cp312-cp312-manylinux_2_17_x86_64"
MAC = "cp312-cp312-macosx_11_0_arm64"


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """All that this pip can ask."""
    for name in ("PIP_EXTRA_INDEX_URL", "PIP_CONSTRAINT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    return tmp_path


def wheel(folder: Path, name: str, tags: str, *, pythons: str = ">=3.11") -> str:
    """Make one; its SHA-256."""
    path, info = folder / f"{name}-1.0-{tags}.whl", f"{name}-1.0.dist-info"
    with zipfile.ZipFile(path, "w") as made:
        about = f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\nRequires-Python: {pythons}\n"
        made.writestr(f"{info}/METADATA", about)
        made.writestr(f"{info}/WHEEL", f"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: {tags}\n")
        made.writestr(f"{info}/RECORD", "")
    return hashlib.sha256(path.read_bytes()).hexdigest()


def machine(title: str, python: str = "3.12") -> Machine:
    return next(m for m in wheels.machines() if (m.title, m.python) == (title, python))


def lacking(index: Path, requirements: str, title: str, python: str = "3.12") -> list[str]:
    (file := index / "requirements.txt").write_text(requirements)
    return wheels.missing(machine(title, python), wheels.pins([file]))


def test_a_pin_without_a_wheel_for_a_machine_is_named(index: Path) -> None:
    pure, built = wheel(index, "pure", ANYWHERE), wheel(index, "built", LINUX)
    text = (
        f"pure==1.0 \\\n    --hash=sha256:{pure}\n    # via x\nbuilt==1.0 \\\n    --hash=sha256:{built}\n"
        f"gone==1.0 \\\n    --hash=sha256:{built}\n"
    )
    assert lacking(index, text, "Linux x86-64") == ["gone==1.0: no wheel"]
    assert lacking(index, text, "Linux arm64") == ["built==1.0: no wheel", "gone==1.0: no wheel"]
    assert lacking(index, text, "Linux x86-64", "3.13")[0] == "built==1.0: no wheel"


def test_what_a_machine_does_not_want_it_need_not_have(index: Path) -> None:
    made = wheel(index, "apple", MAC)
    text = f"apple==1.0 ; sys_platform == 'darwin' \\\n    --hash=sha256:{made}\n"
    text += f"windows==1.0 ; sys_platform == 'win32' \\\n    --hash=sha256:{made}\n"
    text += f"old==1.0 ; python_full_version < '3.12' \\\n    --hash=sha256:{made}\n"
    assert lacking(index, text, "macOS arm64") == []
    assert lacking(index, text, "Linux x86-64") == []


def test_a_wheel_whose_hash_is_not_pinned_is_none(index: Path) -> None:
    wheel(index, "pure", ANYWHERE)
    text = f"pure==1.0 \\\n    --hash=sha256:{'0' * 64}\n"
    assert lacking(index, text, "macOS arm64") == ["pure==1.0: the wheel's hash is not pinned"]


def test_a_wheel_for_other_pythons_is_named(index: Path) -> None:
    made = wheel(index, "older", ANYWHERE, pythons="<3.13")
    text = f"older==1.0 \\\n    --hash=sha256:{made}\n"
    assert lacking(index, text, "Linux arm64", "3.12") == []
    assert lacking(index, text, "Linux arm64", "3.13") == ["older==1.0: is for Python <3.13"]


def test_where_pip_cannot_say_it_nothing_is_claimed(
    index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_CERT", str(index / "none.pem"))
    monkeypatch.setenv("PIP_TIMEOUT", "not a number")
    with pytest.raises(CannotTell):
        lacking(index, f"pure==1.0 \\\n    --hash=sha256:{'0' * 64}\n", "Linux arm64")


def test_every_pin_of_the_project_is_asked_for() -> None:
    found = wheels.pins()
    assert {"django", "chdb", "numpy"} <= {pin.name for pin in found}
    assert all(pin.hashes for pin in found)
    assert {machine.title for machine in wheels.machines()} == {
        "Linux x86-64",
        "Linux arm64",
        "macOS arm64",
    }
