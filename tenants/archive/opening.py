"""Opens an archive from a stranger: its structure is judged before anything of it is unpacked.

What ZIP files are known to be used for (Fifield, "A better zip bomb", 2019; OWASP, "Zip Slip"): paths
that lead out, links, entries that share bytes, directories that fill the memory of who reads them.
Nothing is ever unpacked to a path: an entry is a stream, and its name only a key.
"""

from __future__ import annotations

import os
import stat
import struct
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

import msgspec
from django.conf import settings

from tenants.archive import layout
from tenants.archive.layout import Manifest
from tenants.archive.refusals import ArchiveRefused

_END = struct.Struct("<4s4H2LH")  # end of central directory, APPNOTE 4.3.16
_END64 = struct.Struct("<4sQ2H2L4Q")  # its ZIP64 form, 4.3.14
_LOCATOR = struct.Struct("<4sLQL")  # 4.3.15
_PER_ENTRY = 256  # bytes of directory: a name of ours and all extra fields take less
_MANIFEST_MOST = 4 * 1024 * 1024
_SUSPICIOUS_FROM = 32 * 1024 * 1024
_MOST_PACKED = 250  # times; rows of a table reach 20, deflate can do 1,032


class Opened:
    """An archive with a sound structure and a manifest that can be read. Close the file yourself."""

    def __init__(self, zipped: zipfile.ZipFile, manifest: Manifest) -> None:
        self._zip = zipped
        self.manifest = manifest
        self.sizes = {info.filename: info.file_size for info in zipped.infolist()}

    @contextmanager
    def stream(self, name: str) -> Iterator[IO[bytes]]:
        """The bytes of an entry. Raises ArchiveRefused when they are damaged."""
        try:
            with self._zip.open(name) as entry:
                yield entry
        except (zipfile.BadZipFile, EOFError, OSError, ValueError, NotImplementedError) as error:
            raise ArchiveRefused("wrong_checksum", f"{name}: {error}") from error
        except Exception as error:
            if type(error).__module__ == "zlib":
                raise ArchiveRefused("wrong_checksum", f"{name}: {error}") from error
            raise


def open_archive(content: IO[bytes]) -> Opened:
    """Judge the structure and read the manifest. Raises ArchiveRefused."""
    size = content.seek(0, os.SEEK_END)
    if size > settings.IMPORT_MAX_BYTES:
        raise ArchiveRefused("too_large", f"{size} bytes; {settings.IMPORT_MAX_BYTES} are taken")
    _judge_directory(content, size)
    try:
        zipped = zipfile.ZipFile(content)
    except (zipfile.BadZipFile, ValueError, struct.error, NotImplementedError) as error:
        raise ArchiveRefused("not_an_archive", str(error)) from error
    entries = zipped.infolist()
    names: set[str] = set()
    for info in entries:
        _judge_entry(info)
        if info.filename in names:
            raise ArchiveRefused("duplicate_entry", info.filename)
        names.add(info.filename)
    _judge_sizes(entries, size)
    return Opened(zipped, _manifest(zipped, names))


def _judge_directory(content: IO[bytes], size: int) -> None:
    """zipfile reads the whole directory into memory: look first at what it says of itself."""
    tail_size = min(size, 66_000)
    content.seek(size - tail_size)
    tail = content.read(tail_size)
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or len(tail) - at < _END.size:
        raise ArchiveRefused("not_an_archive", "the end of the file is missing")
    _, _, _, _, count, directory, _, _ = _END.unpack_from(tail, at)
    locator = at - _LOCATOR.size
    if locator >= 0 and tail[locator : locator + 4] == b"PK\x06\x07":
        position = _LOCATOR.unpack_from(tail, locator)[2]
        if position + _END64.size > size:
            raise ArchiveRefused("not_an_archive", "the directory lies outside of the file")
        content.seek(position)
        end64 = _END64.unpack(content.read(_END64.size))
        count, directory = end64[7], end64[8]
    most = settings.IMPORT_MAX_ENTRIES
    if count > most or directory > most * _PER_ENTRY:
        raise ArchiveRefused("too_many_entries", f"{count}; {most} are taken")


def _judge_entry(info: zipfile.ZipInfo) -> None:
    name = info.orig_filename
    parts = name.replace("\\", "/").split("/")
    if name.startswith(("/", "\\")) or ".." in parts or ":" in name or "\0" in name:
        raise ArchiveRefused("unsafe_path", repr(name))
    if not layout.is_entry(name) or info.filename != name:
        raise ArchiveRefused("unknown_entry", repr(name))
    kind = stat.S_IFMT(info.external_attr >> 16)
    if kind and kind != stat.S_IFREG:
        raise ArchiveRefused("not_a_file", name)
    if info.flag_bits & 0x1:
        raise ArchiveRefused("encrypted", name)
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise ArchiveRefused("unknown_compression", name)


def _judge_sizes(entries: list[zipfile.ZipInfo], size: int) -> None:
    """A reader gives out at most what the directory says, so these sums bound what comes."""
    for info in entries:
        if info.file_size > max(_SUSPICIOUS_FROM, _MOST_PACKED * info.compress_size):
            raise ArchiveRefused("zip_bomb", f"{info.filename}: {info.file_size} bytes")
    unpacked = sum(info.file_size for info in entries)
    if unpacked > settings.IMPORT_MAX_UNPACKED_BYTES:
        raise ArchiveRefused("zip_bomb", f"{unpacked} bytes when unpacked")
    if sum(info.compress_size for info in entries) > size:
        raise ArchiveRefused("zip_bomb", "entries share their bytes")


def _manifest(zipped: zipfile.ZipFile, names: set[str]) -> Manifest:
    if layout.MANIFEST not in names or zipped.getinfo(layout.MANIFEST).file_size > _MANIFEST_MOST:
        raise ArchiveRefused("no_manifest")
    try:
        encoded = zipped.read(layout.MANIFEST)
        said = msgspec.json.decode(encoded, type=_Said)
        if said.format != layout.FORMAT:
            raise ArchiveRefused("unknown_format", said.format)
        if said.version > layout.VERSION:
            raise ArchiveRefused("newer_format", f"format {said.version}")
        manifest = msgspec.json.decode(encoded, type=Manifest)
    except (msgspec.MsgspecError, zipfile.BadZipFile, ValueError) as error:
        raise ArchiveRefused("no_manifest", str(error)) from error
    if manifest.made_by == layout.installation() and not _is_signed(zipped, names, encoded):
        raise ArchiveRefused("tampered", "the manifest")
    return manifest


class _Said(msgspec.Struct):
    """What every version of the format has."""

    format: str
    version: int


def _is_signed(zipped: zipfile.ZipFile, names: set[str], encoded: bytes) -> bool:
    if layout.SIGNATURE not in names or zipped.getinfo(layout.SIGNATURE).file_size > 200:
        return False
    return layout.is_signature(zipped.read(layout.SIGNATURE), encoded)
