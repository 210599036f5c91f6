"""The pages of staff about what lies below: the log, people, and who looked at what."""
