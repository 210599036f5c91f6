"""What metering does when a workspace is brought, exported, deleted and purged."""
