"""Reading what students wrote: no links, no pipes, no file of somebody else, nothing larger than allowed."""

import os
import re
import stat
from itertools import islice

READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
FOLDER = READ | os.O_DIRECTORY
KINDS = {
    stat.S_IFLNK: "a link",
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}
JUNK = re.compile(r"__MACOSX|Thumbs\.db|desktop\.ini|\..*", re.IGNORECASE)  # what systems leave lying around
MB = 1_000_000


class Refused(Exception):
    """A file or an archive that is not taken; its text says why in one clear line."""


class Missing(Refused):
    """There is no such file."""


def read(root, parts, limit):
    """(bytes, stat) of the regular file root/part/part; raises Refused, with a reason, for anything else.

    `root` is trusted. Below it nothing may be a link: a student could point it at somebody else's work.
    """
    *above, name = parts
    at = descend(root, above)
    try:
        kind_or_refuse(at, name, stat.S_IFREG)  # before opening, since opening a device can do things
        stream = os.fdopen(os.open(name, READ, dir_fd=at), "rb")
    except OSError as error:
        raise unreadable(name, error) from None
    finally:
        os.close(at)
    with stream:
        found = os.fstat(stream.fileno())
        check(found, name, limit)
        data = stream.read(limit + 1)
    if len(data) > limit:
        raise Refused(f"{shown(name)} grew while it was read.")
    return data, found


def check(found, name, limit):
    """Refuse what turned out, after opening, to be no ordinary file of this folder alone, or too large."""
    if not stat.S_ISREG(found.st_mode):
        raise Refused(f"{shown(name)} is no ordinary file.")
    if found.st_nlink != 1:
        raise Refused(f"{shown(name)} is a hard link: it may be somebody else's file.")
    if found.st_size > limit:
        raise Refused(
            f"{shown(name)} is too large: {found.st_size / MB:.1f} MB, {limit / MB:g} MB are allowed."
        )


def descend(root, parts):
    """A descriptor of the folder root/part/part (the caller closes it); raises Refused when one is a link."""
    at = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    for part in parts:
        try:
            kind_or_refuse(at, part, stat.S_IFDIR)
            below = os.open(part, FOLDER, dir_fd=at)
        except OSError as error:
            raise unreadable(part, error) from None
        finally:
            os.close(at)
        at = below
    return at


def kind_or_refuse(at, name, wanted):
    """Refuse `name` in the folder `at` unless it is of the wanted kind."""
    kind = stat.S_IFMT(os.stat(name, dir_fd=at, follow_symlinks=False).st_mode)
    if kind != wanted:
        what = KINDS.get(kind, "an ordinary file")
        raise Refused(
            f"{shown(name)} is {what}, not {'a file' if wanted == stat.S_IFREG else 'a folder'}: not followed."
        )


def unreadable(name, error):
    """The Refused that goes with an error of the operating system."""
    if isinstance(error, FileNotFoundError):
        return Missing(f"{shown(name)} is missing.")
    return Refused(f"{shown(name)} cannot be opened ({os.strerror(error.errno or 0).lower()}).")


def walk(root, parts=(), deep=4, most=500):
    """(files, problems) below root/parts: files as tuples of names, in order; hidden ones are passed over."""
    problems = []
    files = list(islice(below(root, parts, deep, problems), most + 1))
    if len(files) > most:
        problems.append(f"More than {most} files: the rest is left out.")
    return files[:most], problems


def below(root, parts, deep, problems):
    """The files below root/parts, one by one; appends to `problems` what is too deep down."""
    at = descend(root, parts)
    try:
        with os.scandir(at) as listing:
            entries = {e.name: e.is_dir(follow_symlinks=False) for e in listing if not JUNK.fullmatch(e.name)}
    finally:
        os.close(at)
    for name, is_folder in sorted(entries.items()):
        if not is_folder:
            yield (*parts, name)
        elif deep:
            yield from below(root, (*parts, name), deep - 1, problems)
        else:
            problems.append(f"{shown(name)} is a folder too deep down: left out.")


def odd(name):
    """True for a name that no honest file has: control or format characters, backslashes, broken encoding."""
    return not name.isprintable() or "\\" in name or len(name.encode(errors="replace")) > 200


def shown(name, most=60):
    """A name fit for one line of a report, whatever is in it."""
    short = name if len(name) <= most else name[: most - 1] + "…"
    return short if short.isprintable() else ascii(short)


def some(names, most=6):
    """A list of names for one line, cut when it is long."""
    names = [shown(name) for name in names]
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
