"""Files that hold secrets: nobody else can read them, and they appear whole or not at all."""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
from pathlib import Path

from spdz.errors import UsageError

MAX_FILE_BYTES = 1 << 33
"""A bound on what is read into memory."""

_NO_FOLLOW = getattr(os, "O_NOFOLLOW", 0)


def bad_file(path: Path, offset: int, expected: str, found: str) -> UsageError:
    """The error for a file that is not what it should be: where, what should be there, and what is there."""
    return UsageError(f"{path}: at byte {offset}: expected {expected}, found {found}")


def make_folder(folder: Path) -> None:
    """Make a folder, and what is above it, that is open to its owner only."""
    try:
        folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.mkdir(mode=0o700, exist_ok=True)
        folder.chmod(0o700)
    except OSError as error:
        raise UsageError(f"{folder}: the folder cannot be made: {error.strerror}") from None


def write_private(path: Path, *parts: bytes | memoryview) -> None:
    """Write a file of mode 0600. It has its name only when all of it is on the disk; an older one is replaced."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}.part")
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _NO_FOLLOW, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                for part in parts:
                    file.write(part)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(path)
        except BaseException:
            draft.unlink(missing_ok=True)
            raise
        sync_folder(path.parent)
    except OSError as error:
        raise UsageError(f"{path}: cannot be written: {error.strerror}") from None


def create_once(path: Path, content: bytes) -> bool:
    """Create a file that did not exist. False, without any effect, if it did: two processes never both succeed."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _NO_FOLLOW, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except FileExistsError:
        return False
    except OSError as error:
        raise UsageError(f"{path}: cannot be written: {error.strerror}") from None
    sync_folder(path.parent)
    return True


def read_whole(path: Path, limit: int = MAX_FILE_BYTES) -> bytearray:
    """The bytes of a regular file."""
    try:
        # Not blocking: a named pipe in place of a file is refused below instead of being waited for.
        descriptor = os.open(path, os.O_RDONLY | _NO_FOLLOW | getattr(os, "O_NONBLOCK", 0))
        with os.fdopen(descriptor, "rb") as file:
            found = os.fstat(file.fileno())
            if not stat.S_ISREG(found.st_mode):
                raise bad_file(path, 0, "a regular file", "a pipe or a device")
            if found.st_size > limit:
                raise bad_file(path, limit, "the end of the file", f"{found.st_size - limit} bytes more")
            data = bytearray(found.st_size)
            count = file.readinto(data)
            if count != len(data):
                raise bad_file(path, count, f"{len(data)} bytes", "the end of the file: it has changed meanwhile")
            return data
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror}") from None


def remove(folder: Path, names: tuple[str, ...]) -> None:
    """Remove those of the files that exist, and make that last."""
    for name in names:
        try:
            (folder / name).unlink(missing_ok=True)
        except OSError as error:
            raise UsageError(f"{folder / name}: cannot be removed: {error.strerror}") from None
    sync_folder(folder)


def sync_folder(folder: Path) -> None:
    """Bring names in a folder to the disk, where the system can."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
