"""The site as complete folders: rendered, shelved, switched to; what went wrong, and what is due."""

from cms.releases.builds import broken as broken_build
from cms.releases.following import start as follow
from cms.releases.release import NoSite, build
from cms.releases.scheduled import of as late_pages
from cms.releases.shelf import current

__all__ = [
    "NoSite",
    "broken_build",
    "build",
    "current",
    "follow",
    "late_pages",
]
