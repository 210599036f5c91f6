"""Makes `.venv` with the pinned packages and goes on inside it. A script of the standard library.

A stamp in `.venv` names the requirements that are installed: a second start does nothing here.
"""

import fcntl
import hashlib
import importlib.util
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[0] = str(ROOT)  # not this folder: its modules are plg_site.devstack.*

from plg_site.devstack import options  # noqa: E402
from plg_site.devstack.progress import Step, step  # noqa: E402

_other = os.environ.get(options.OTHER_PYTHON)
VENV = options.LOCAL / f"python{_other}" if _other else ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
# Benches need peers to compare with, and a new product is put in order by ruff.
WITH_TESTS = {"test", "bench", "new-product"}
FOUND = re.compile(r"\s*(?:Collecting|Requirement already satisfied:) ([\w.-]+)")  # pip's words
NO_VENV = """
This Python ({python}) cannot make virtual environments: its ensurepip module is missing, and no pip
of the system's is there to stand in. Do one of these, then start again:
  - Debian or Ubuntu, as root:  apt-get install python3-venv
  - or set PYTHON to another Python 3.11 or newer:  PYTHON=/path/to/python3 bin/dev
"""


NO_PYTHON = """
{python} is not on PATH, or is not a Python 3.11 or newer: bin/test --python takes a name, like
python3.13, or the path of one.
"""
WHICH = "import sys; print('%d.%d' % sys.version_info[:2]); sys.exit(sys.version_info < (3, 11))"


class InstallFailed(Exception):
    """The packages could not be installed; the message says what pip said."""


def main() -> int:
    command, arguments = sys.argv[1], sys.argv[2:]
    os.environ["PLG_STARTED_AT"] = str(time.time())
    # As container images set it: each of dozens of processes would compile the project anew (a second).
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    # --help and mistakes cost no installation
    if command == "dev":
        options.dev_parser().parse_args(arguments)
    elif command == "bench":
        options.bench_parser().parse_args(arguments)
    elif command == "manage":
        pass  # whatever it is, Django reads it
    elif command == "upgrade":
        options.upgrade_parser().parse_args(arguments)
    elif command == "new-product":
        options.new_product_parser().parse_args(arguments)
    else:
        chosen = options.test_parser().parse_known_args(arguments)[0].python
        if chosen and not os.environ.get(options.OTHER_PYTHON):
            return _become(chosen)
    try:
        # The answer of `bin/manage` is the command's, for scripts to read.
        with redirect_stdout(sys.stderr if command == "manage" else sys.stdout):
            install(with_tests=command in WITH_TESTS)
    except InstallFailed as failure:
        print(failure, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    sys.stdout.flush()
    entry = Path(__file__).with_name("__main__.py")
    os.execv(PYTHON, [str(PYTHON), str(entry), command, *arguments])  # noqa: S606


def _become(python: str) -> int:
    """Start again with another Python and a virtual environment of its own; 2 when there is none."""
    try:
        asked = subprocess.run([python, "-c", WHICH], capture_output=True, text=True)  # noqa: S603
    except OSError:
        asked = None
    if asked is None or asked.returncode:
        print(NO_PYTHON.format(python=python), file=sys.stderr)
        return 2
    os.environ[options.OTHER_PYTHON] = asked.stdout.strip()
    words = [python, str(Path(__file__).resolve()), *sys.argv[1:]]
    os.execvp(python, words)  # noqa: S606


def install(*, with_tests: bool) -> None:
    """Bring `.venv` in line with the requirements. Raises InstallFailed."""
    names = ["requirements", *(["requirements-dev", "requirements-tracing"] if with_tests else [])]
    files = [ROOT / f"{name}.txt" for name in names]
    if _is_stamped(files):
        return
    VENV.mkdir(parents=True, exist_ok=True)
    with _locked(VENV):
        if _is_stamped(files):  # by another start, while this one waited
            return
        if not _works():
            with step("Python environment"):
                _make_venv()
        with step("Packages") as shown:
            began = time.monotonic()
            _pip_install(files, shown)
            shown.note = f"installed in {time.monotonic() - began:.0f} s"
        for file in files:
            _stamp(file).write_text(_fingerprint(file))


def _stamp(file: Path) -> Path:
    return VENV / f".installed-{file.stem}"


def _fingerprint(file: Path) -> str:
    # The interpreter is part of it: a venv whose Python was replaced is another one.
    python = os.path.realpath(VENV / "bin" / "python")
    return hashlib.sha256(file.read_bytes() + python.encode()).hexdigest()


def _is_stamped(files: list[Path]) -> bool:
    if not PYTHON.exists():
        return False
    return all(
        _stamp(file).is_file() and _stamp(file).read_text() == _fingerprint(file) for file in files
    )


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Two starts in one checkout install one after the other."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _works() -> bool:
    if not PYTHON.exists():
        return False
    return subprocess.run([PYTHON, "-c", "import pip"], capture_output=True).returncode == 0  # noqa: S603


def _make_venv() -> None:
    has_pip = importlib.util.find_spec("ensurepip") is not None
    if not has_pip and importlib.util.find_spec("pip") is None:
        raise InstallFailed(NO_VENV.format(python=sys.executable))
    try:
        import venv

        venv.EnvBuilder(clear=True, symlinks=True, with_pip=has_pip).create(VENV)
        if not has_pip:  # Debian without python3-venv: the system's pip installs one of our own
            _run([sys.executable, "-m", "pip", "--python", str(PYTHON), "install", "-q", "pip"])
    except (ImportError, OSError, subprocess.CalledProcessError) as error:
        raise InstallFailed(f"{error}\n{NO_VENV.format(python=sys.executable)}") from error


def _pip_install(files: list[Path], shown: Step) -> None:
    wanted = len({line for file in files for line in _pins(file)})
    command = [
        str(PYTHON), "-m", "pip", "install", "--disable-pip-version-check", "--no-input",
        "--progress-bar=off", "--only-binary=:all:", "--root-user-action=ignore",
        *(part for file in files for part in ("-r", str(file))),
    ]  # fmt: skip
    said: list[str] = []
    seen = 0
    with subprocess.Popen(  # noqa: S603
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
    ) as pip:
        assert pip.stdout is not None  # noqa: S101
        for line in pip.stdout:
            said.append(line)
            if found := re.match(
                r"\s*(?:Collecting|Requirement already satisfied:) ([\w.-]+)", line
            ):
                seen = min(seen + 1, wanted)
                shown.doing(f"{seen} of {wanted}: {found[1]}")
            elif line.startswith("Installing collected packages"):
                shown.doing(f"unpacking {wanted} packages")
    if pip.returncode != 0:
        raise InstallFailed(
            "".join(said[-25:]) + "\npip could not install the packages (see above)."
        )


def _pins(file: Path) -> Iterator[str]:
    for line in file.read_text().splitlines():
        if found := re.match(r"([A-Za-z0-9][\w.-]*)\S*==", line):
            yield found[1].lower()


def _run(command: list[str]) -> None:
    subprocess.run(command, check=True)  # noqa: S603


if __name__ == "__main__":
    sys.exit(main())
