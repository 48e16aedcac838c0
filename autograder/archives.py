"""Reading zip files that cannot be trusted: no path escape, no links, no bombs, one archive inside at most."""

import lzma
import re
import stat
import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from io import BytesIO

from autograder.untrusted import JUNK, MB, Refused, odd, shown

ENTRIES, TOGETHER = 50_000, 4_000 * MB  # of a whole class
INNER_ENTRIES, INNER_TOGETHER = 500, 50 * MB  # of one student's archive
RATIO = 200  # a text is compressed to a tenth, a bomb to a thousandth
BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    EOFError,
    NotImplementedError,
    OSError,
    RuntimeError,
    ValueError,
)


@dataclass(frozen=True)
class Entry:
    """One file of a folder or an archive, not yet read."""

    name: str  # relative, with forward slashes, checked
    read: Callable[[int], bytes]  # at most so many bytes; raises Refused
    when: datetime  # UTC: when the archive or the file came here
    stamped: datetime | None = None  # UTC: the archive's own date of the member, for who trusts its maker


def opened(source, when, most=ENTRIES, together=TOGETHER):
    """(entries, problems) of a zip file (a path or bytes); raises Refused when all of it is unusable."""
    try:
        archive = zipfile.ZipFile(BytesIO(source) if isinstance(source, bytes) else source)
        members = archive.infolist()
    except BROKEN as error:
        raise Refused(f"The zip archive is broken ({reason(error)}).") from None
    if len(members) > most:
        raise Refused(f"The zip archive has {len(members)} entries; {most} are allowed.")
    if sum(member.file_size for member in members) > together:
        raise Refused(f"The zip archive would unpack to more than {together // MB} MB.")
    entries, problems = {}, []
    for member in members:
        try:
            name = checked(member)
        except Refused as error:
            problems.append(str(error))
            continue
        if name is not None and name in entries:
            problems.append(f"The archive has {shown(name)} twice: the last one counts.")
        if name is not None:
            entries[name] = Entry(name, reader(archive, member), when, min(stamp(member), when))
    return list(entries.values()), problems


def checked(member):
    """The member's name, cleaned; None for folders and system files. Raises Refused for what is dangerous."""
    name = name_of(member)
    if member.is_dir() or any(JUNK.fullmatch(part) for part in name.split("/") if part.strip(".")):
        return None
    if name.startswith("/") or re.match(r"[A-Za-z]:", name):
        raise Refused(f"The archive's entry {shown(name)} has an absolute name: left out.")
    if {"", ".", ".."} & set(name.split("/")):
        raise Refused(f"The archive's entry {shown(name)} points out of its folder: left out.")
    if odd(name):
        raise Refused(f"The archive's entry {shown(name)} has an odd name: left out.")
    kind = stat.S_IFMT(member.external_attr >> 16)
    if kind not in (0, stat.S_IFREG):
        what = "a link" if kind == stat.S_IFLNK else "no ordinary file"
        raise Refused(f"The archive's entry {shown(name)} is {what}: left out.")
    if member.flag_bits & 1:
        raise Refused(f"The archive's entry {shown(name)} is encrypted: left out.")
    return name


def name_of(member):
    """A member's name, in UTF-8 even where the archive does not say so, with forward slashes, in form NFC."""
    name = member.orig_filename
    if not member.flag_bits & 0x800:
        try:
            name = name.encode("cp437").decode("utf-8")
        except UnicodeError:
            pass  # it is cp437, as the format has it
    return unicodedata.normalize("NFC", name.replace("\\", "/"))


def reader(archive, member):
    """A function that reads the member, up to a limit, whatever its header claims."""

    def read(limit):
        name = shown(name_of(member))
        if member.file_size > limit:
            raise Refused(
                f"{name} is too large: {member.file_size / MB:.1f} MB, {limit / MB:g} MB are allowed."
            )
        if member.file_size > MB and member.file_size > RATIO * member.compress_size:
            raise Refused(f"{name} is a zip bomb: {member.compress_size} bytes that unpack to millions.")
        try:
            with archive.open(member) as stream:
                return stream.read(limit + 1)[:limit]
        except BROKEN as error:
            raise Refused(f"{name} is broken in the archive ({reason(error)}).") from None

    return read


def stamp(member):
    """A member's date: UTC seconds where the archive has them, else its local date, which has no zone."""
    extra = member.extra
    while len(extra) >= 4:
        kind, size = struct.unpack("<HH", extra[:4])
        if kind == 0x5455 and size >= 5 and extra[4] & 1 and len(extra) >= 9:
            return datetime.fromtimestamp(struct.unpack("<I", extra[5:9])[0], UTC)
        extra = extra[4 + size :]
    try:
        return datetime(*member.date_time).astimezone(UTC)
    except (ValueError, OverflowError):
        return datetime.max.replace(tzinfo=UTC)


def inner(entries):
    """(entries, problems) with a student's own zip files opened; archives inside those are left out."""
    found, problems = [], []
    for entry in entries:
        if not entry.name.lower().endswith(".zip"):
            found.append(entry)
            continue
        try:
            members, said = opened(entry.read(20 * MB), entry.when, INNER_ENTRIES, INNER_TOGETHER)
        except Refused as error:
            problems.append(f"{shown(entry.name)}: {error}")
            continue
        problems += said
        for member in members:  # a student's clock stamped these; the archive around them did not
            if member.name.lower().endswith(".zip"):
                problems.append(f"{shown(member.name)} is an archive within an archive: left out.")
            else:
                found.append(replace(member, stamped=entry.stamped))
    return found, problems


def reason(error):
    """The first line of an error's text."""
    return shown(str(error).splitlines()[0] if str(error) else type(error).__name__)
