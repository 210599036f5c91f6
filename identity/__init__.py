"""The person behind a visit, a sign-in and a membership."""
