"""Pages for the people who run the installation; what lies above registers its own here."""
