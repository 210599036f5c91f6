"""The workspace's API as a whole: its operations, scopes, document and reference, and events by POST."""
