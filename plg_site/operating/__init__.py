"""What keeps an installation going: its preparation, its cache and broker, its logs and signs of life."""
