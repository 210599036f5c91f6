"""The bell: what has come for a signed-in person, on the pages of workspaces and of their account.

Other apps send with `outbound.notifications`. Who knows workspaces tells which of them somebody sees,
and where they are (`register`).
"""

from outbound.bell.workspaces import Shown, Workspaces, register

__all__ = ["Shown", "Workspaces", "register"]
