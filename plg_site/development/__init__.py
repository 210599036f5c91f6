"""What only a developer's machine has: the demo, the mailbox, the page that shows an error's place."""
