"""The smallest product that the platform runs: a counter with one button. See docs/adopting.md."""
