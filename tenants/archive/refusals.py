"""Why an archive is not taken. Each reason has a test in tests/tenants/archive/test_hostile.py."""

from __future__ import annotations

REASONS = {
    "too_large": "The archive is larger than this installation takes.",
    "not_an_archive": "This is no archive of a workspace, or its end is missing.",
    "too_many_entries": "The archive holds more entries than this installation takes.",
    "unsafe_path": "An entry has a path that leads out of the archive.",
    "unknown_entry": "The archive holds something that no export writes.",
    "duplicate_entry": "Two entries have the same name.",
    "not_a_file": "An entry is a symbolic link or something else than a plain file.",
    "encrypted": "An entry is encrypted.",
    "unknown_compression": "An entry is packed in a way that no export uses.",
    "zip_bomb": "The archive would unpack to far more than it is.",
    "no_manifest": "The manifest is missing or cannot be read.",
    "unknown_format": "The manifest describes another kind of archive.",
    "newer_format": "The archive was made by a newer version of this software.",
    "tampered": "The archive says it was made here, but it was changed since.",
    "unlisted_entry": "The archive holds an entry that its manifest does not list.",
    "missing_entry": "The manifest lists an entry that is not there.",
    "wrong_size": "An entry has another size than the manifest says.",
    "wrong_checksum": "An entry is damaged: its checksum is another than the manifest says.",
    "wrong_count": "An entry has more or fewer lines than the manifest says.",
    "another_product": "The archive is of a workspace of another product.",
    "unknown_table": "The archive has a table that this installation does not know.",
    "unknown_column": "The archive has a column that this installation does not know.",
    "other_column_type": "A column holds another type of values here.",
    "missing_column": "This installation needs a column that the archive does not have.",
    "bad_row": "A line is no row of its table.",
    "bad_value": "A row holds a value that is not allowed.",
    "missing_file": "A row names a file that is not in the archive.",
    "unnamed_file": "The archive holds a file that no row names.",
    "too_many_rows": "The archive holds more of something than a workspace can have.",
    "broken_reference": "A row refers to another one that is not there.",
    "beyond_plan": "The archive holds more than the plan of a new workspace includes.",
    "too_many_workspaces": "You have as many free workspaces as a person may have.",
    "our_fault": "We could not read it, by a fault of ours. Please write to us.",
    "slug_taken": "The address belongs to another workspace.",
    "cancelled": "It was cancelled before it was written.",
}


class ArchiveRefused(Exception):
    """Nothing was written. `reason` is a key of REASONS; `detail` says where, for people."""

    def __init__(self, reason: str, detail: str = "") -> None:
        assert reason in REASONS, reason  # noqa: S101 (our own mistake)
        self.reason, self.detail = reason, detail[:300]
        super().__init__(f"{REASONS[reason]}{f' ({self.detail})' if detail else ''}")
