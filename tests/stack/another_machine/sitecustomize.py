"""Takes away, from every Python that is started with this folder on its path, what only Linux has.

Python imports it by its name before anything else. The names are those that typeshed keeps from macOS.
"""

import os
import select
import signal
import socket
from types import ModuleType

ONLY_LINUX: dict[ModuleType, tuple[str, ...]] = {
    os: (
        "copy_file_range", "eventfd", "fdatasync", "getrandom", "getresgid", "getresuid", "getxattr",
        "listxattr", "memfd_create", "pidfd_open", "pipe2", "posix_fadvise", "posix_fallocate",
        "removexattr", "sched_getaffinity", "sched_getparam", "sched_getscheduler", "sched_setaffinity",
        "sched_setparam", "sched_setscheduler", "setns", "setresgid", "setresuid", "setxattr", "splice",
        "unshare", "waitid", "O_DIRECT", "O_NOATIME", "O_PATH", "O_TMPFILE", "SCHED_BATCH", "SCHED_IDLE",
    ),
    select: ("epoll",),
    signal: ("SIGCLD", "SIGPOLL", "SIGPWR", "SIGRTMAX", "SIGRTMIN", "SIGSTKFLT", "sigtimedwait",
             "sigwaitinfo"),
    socket: (
        "AF_ALG", "AF_NETLINK", "AF_PACKET", "AF_VSOCK", "MSG_CMSG_CLOEXEC", "MSG_CONFIRM", "MSG_ERRQUEUE",
        "MSG_FASTOPEN", "MSG_MORE", "MSG_NOSIGNAL", "SOCK_CLOEXEC", "SOCK_NONBLOCK", "SO_BINDTODEVICE",
        "SO_DOMAIN", "SO_INCOMING_CPU", "SO_MARK", "SO_PASSCRED", "SO_PASSSEC", "SO_PEERCRED", "SO_PEERSEC",
        "SO_PRIORITY", "SO_PROTOCOL", "TCP_CONGESTION", "TCP_CORK", "TCP_DEFER_ACCEPT", "TCP_INFO",
        "TCP_KEEPIDLE", "TCP_LINGER2", "TCP_QUICKACK", "TCP_SYNCNT", "TCP_USER_TIMEOUT", "TCP_WINDOW_CLAMP",
    ),
}  # fmt: skip

for module, names in ONLY_LINUX.items():
    for name in names:
        if hasattr(module, name):
            delattr(module, name)
