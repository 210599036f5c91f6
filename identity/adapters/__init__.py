"""What we decide of allauth: its adapters, and its forms with our limits."""
