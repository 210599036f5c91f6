"""`bin/bench launch`: a day on which fifty times as many people come as usually, with k6."""

MODULES: tuple[str, ...] = ("day",)
