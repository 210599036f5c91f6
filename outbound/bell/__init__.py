"""The bell: what has come for a signed-in person, on the pages of workspaces and of their account.

Other apps send with `outbound.notifications`. Who knows workspaces tells which of them somebody sees,
and where they are (`register`), and when somebody has left one (`leave`).
"""

from outbound.bell.feed import leave
from outbound.bell.workspaces import Shown, Workspaces, register

__all__ = ["Shown", "Workspaces", "leave", "register"]
