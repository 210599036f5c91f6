"""`manage.py doctor`: what is wrong with this installation, and what to do about it.

One small module for each check, with `TITLE` and `look()`, which yields findings. `examination`
runs them all; none keeps another from being run.
"""
