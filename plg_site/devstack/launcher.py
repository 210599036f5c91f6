"""Becomes another program that ends when the supervisor ends. Run as a script.

    launcher.py PARENT_PID SIGNAL USER -- command arguments...

A wrapper process, and not code between fork and exec of the supervisor (`preexec_fn`): the
supervisor has threads, and code in the fork of a threaded process may wait for a lock forever.
"""

# All imports at the start: after the change of user, Python's own files may be out of reach.
import ctypes
import os
import pwd
import sys

PR_SET_PDEATHSIG = 1  # prctl(2)


def main() -> None:
    parent, number, user = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    command = sys.argv[5:]
    libc = ctypes.CDLL(None)
    if user:
        become(user)
    if sys.platform == "linux":  # after the change of user, which clears the setting
        libc.prctl(PR_SET_PDEATHSIG, number, 0, 0, 0)
    if os.getppid() != parent:  # the supervisor ended before the kernel was told
        sys.exit(1)
    try:
        os.execvp(command[0], command)  # noqa: S606
    except OSError as error:
        sys.exit(f"{command[0]} cannot be run: {error.strerror}")


def become(user: str) -> None:
    """Give up root for good."""
    entry = pwd.getpwnam(user)
    os.setgroups([])
    os.setgid(entry.pw_gid)
    os.setuid(entry.pw_uid)
    os.chdir("/")
    os.environ.update(HOME="/", USER=user, LOGNAME=user)


main()
