"""The image, built by buildah without a daemon, upon a base of Debian's packages; and its roles, run in it
with a root that nobody can write."""

from __future__ import annotations

import contextlib
import json
import os
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from plg_site.devstack import apt
from plg_site.devstack.options import ROOT

BASE = "localhost/base"
TAG = "localhost/plg"
DEBIAN = "bookworm"  # its Python is 3.11
PACKAGES = ("python3", "python3-venv", "ca-certificates")
_BUILDS = 1800  # seconds, on a busy machine
_WRITABLE = ("tmp", "var/lib/plg")
# A mount table of its own, which ends with the process; the last step becomes the role itself.
_ENTER = """
set -eu
mount --bind "$1" "$1"
for each in tmp var/lib/plg; do mount -t tmpfs -o mode=1777 none "$1/$each"; done
mkdir -p "$1/tmp/state"; chown 10001:10001 "$1/var/lib/plg"
mount --rbind /dev "$1/dev"; mount -t proc none "$1/proc"
mount -o remount,bind,ro "$1"
root=$1; shift
exec chroot --userspec=10001:10001 "$root" "$@"
"""


@dataclass(frozen=True)
class Image:
    """What was built: its files, and what it says of itself."""

    root: Path
    config: dict[str, Any]
    bytes: int

    def command(self, *words: str, **env: str) -> list[str]:
        """Of a container with these arguments, under a root that is read-only."""
        said = dict(each.split("=", 1) for each in self.config["Env"]) | env
        variables = [f"{name}={value}" for name, value in said.items()]
        folder = self.config["WorkingDir"]
        inside = ["env", "-i", "-C", folder, *variables, *self.config["Entrypoint"], *words]
        return ["unshare", "--mount", "sh", "-c", _ENTER, "enter", str(self.root), *inside]

    def run(self, *words: str, **env: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(*words, **env), capture_output=True, text=True, timeout=300
        )

    @contextlib.contextmanager
    def running(self, *words: str, said: Path, **env: str) -> Iterator[subprocess.Popen[bytes]]:
        """It runs; its end is waited for. `said`: where its words go."""
        with said.open("wb") as out:
            process = subprocess.Popen(self.command(*words, **env), stdout=out, stderr=out)
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(60)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def built(folder: Path) -> Image:
    """Build it. Skips the test where that is not possible."""
    if os.geteuid() != 0 or not sys.platform.startswith("linux"):
        pytest.skip("an image is built as root on Linux")
    for program in ("buildah", "mmdebstrap"):
        if not shutil.which(program):
            apt.install(program, lambda words: None)
        if not shutil.which(program):
            pytest.skip(f"{program} cannot be had (apt-get install {program})")
    archive = folder / "base.tar"
    made = subprocess.run(
        ["mmdebstrap", "--variant=minbase", f"--include={','.join(PACKAGES)}", DEBIAN, archive],
        capture_output=True, text=True, timeout=_BUILDS,
    )  # fmt: skip
    if made.returncode:
        pytest.skip(f"Debian's packages cannot be had: {made.stderr[-300:]}")
    buildah = _buildah(folder)
    container = _say(buildah, "from", "scratch")
    _say(buildah, "add", "--quiet", container, str(archive), "/")
    _say(buildah, "commit", "--quiet", container, BASE)
    _say(
        buildah, "build", "--isolation", "chroot", "--network", "host", "--build-arg", f"BASE={BASE}",
        "--file", "deploy/Containerfile", "--tag", TAG, *_pip(folder), ".",
    )  # fmt: skip
    container = _say(buildah, "from", TAG)
    about = json.loads(_say(buildah, "inspect", "--type", "image", TAG))
    _say(buildah, "push", "--quiet", TAG, f"oci-archive:{folder / 'image.tar'}")
    return Image(
        root=Path(_say(buildah, "mount", container)),
        config=about["OCIv1"]["config"],
        bytes=(folder / "image.tar").stat().st_size,
    )


def _buildah(folder: Path) -> list[str]:
    store = ["--root", str(folder / "store"), "--runroot", str(folder / "run")]
    return ["buildah", *store, "--storage-driver", "vfs"]


def _say(buildah: Sequence[str], *words: str) -> str:
    done = subprocess.run(
        [*buildah, *words], cwd=ROOT, capture_output=True, text=True, timeout=_BUILDS
    )
    assert done.returncode == 0, (
        f"{shlex.join(words)}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"
    )
    return done.stdout.strip()


def _pip(folder: Path) -> list[str]:
    """Options by which pip asks, in the build, where it asks on this machine."""
    said = subprocess.run(
        [sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True
    ).stdout
    given = dict(line.split("=", 1) for line in said.splitlines() if "=" in line)
    values = {name: value.strip("'").replace("\\n", "\n") for name, value in given.items()}
    lines = ["[global]"]
    for name, value in values.items():
        if name.startswith(("global.", ":env:.")):
            lines.append(f"{name.rpartition('.')[2]} = {' '.join(value.split())}")
    (folder / "pip.conf").write_text("\n".join(dict.fromkeys(lines)) + "\n")
    words = " ".join(values.values()).split()
    # An index of files names them beside itself.
    named = {Path(each.removeprefix("file://")).parent for each in words if "file://" in each}
    named |= {Path(each) for each in words if each.startswith("/")}
    places = {str(path) for path in named if path.exists()}
    volumes = {"/etc/ssl/certs", *places} | {f"{folder / 'pip.conf'}:/etc/pip.conf"}
    return [
        part
        for volume in sorted(volumes)
        for part in ("--volume", f"{volume if ':' in volume else f'{volume}:{volume}'}:ro")
    ]


def written_since(root: Path, moment: float) -> list[str]:
    """Files of the image that were made or changed after it."""
    found = []
    for folder, _, names in os.walk(root):
        here = Path(folder).relative_to(root).as_posix()
        if here.startswith(("proc", "dev", "sys", *_WRITABLE)):
            continue
        for name in names:
            path = Path(folder, name)
            if path.lstat().st_ctime > moment:
                found.append(str(path.relative_to(root)))
    return found


def until(holds: Any, *, seconds: float = 180) -> bool:
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.2)
    return True


def environment(env: Mapping[str, str], **more: str) -> dict[str, str]:
    """Of a stack's services, what an installation would be given."""
    kept = ("SECRET_KEY", "DATABASE_URL", "EVENTS_DATABASE_URL", "REDIS_URL", "STRIPE_")
    given = {name: value for name, value in env.items() if name.startswith(kept)}
    return {**given, "EMAIL_URL": "smtp+plain://127.0.0.1:1", **more}
