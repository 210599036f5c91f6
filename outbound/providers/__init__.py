"""What mail providers tell of messages that have left."""
