"""What a row says, when it holds, and what comes of a run."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from bench.figures import ORDER, Failure, Figure, median_of, percentile, table, write
from bench.measuring import Run, modules_of
from bench.sizes import FULL, TINY, full
from plg_site.devstack.options import bench_parser

STORING = Figure(
    name="storing",
    value=60_000,
    unit="rows/s",
    reference="COPY",
    reference_value=100_000,
    bar=0.5,
    better="more",
)
WAITING = replace(
    STORING, name="waiting", value=0.9, unit="s", bar=1, better="less", bar_on="value"
)


def test_more_is_better_up_from_the_bar():
    assert STORING.holds
    assert replace(STORING, value=50_000).holds
    assert not replace(STORING, value=49_000).holds


def test_less_is_better_down_from_the_bar_of_the_value_itself():
    assert WAITING.holds
    assert not replace(WAITING, value=1.1).holds


def test_a_void_figure_does_not_hold_whatever_its_value():
    assert not replace(WAITING, void="only 3,000 events/s were reached").holds


@pytest.mark.parametrize("nothing", [0.0, -1.0, float("nan"), float("inf")])
@pytest.mark.parametrize("better", ["more", "less"])
def test_what_is_no_measurement_on_either_side_is_void(nothing, better):
    for field in ("value", "reference_value"):
        for figure in (STORING, WAITING):
            row = replace(figure, better=better, bar=0, **{field: nothing})
            assert row.why_void
            assert not row.holds


def test_a_reference_that_is_slower_than_what_it_is_the_limit_of_makes_its_row_void():
    """An empty view at 26 requests a second is no limit of 2,380 clicks."""
    clicks = replace(STORING, value=2_380, reference_value=26, limit=True)
    assert "which is its limit" in clicks.why_void
    assert not clicks.holds
    assert clicks.as_json()["void"] == clicks.why_void
    assert replace(STORING, limit=True).holds
    at_least = replace(WAITING, value=0.9, reference_value=1.0, limit=True)
    assert not at_least.holds
    assert replace(at_least, reference_value=0.1).holds
    run = Run("events", FULL, figures=[clicks])
    assert run.exit_code == 1


def test_a_void_row_passes_in_a_tiny_run_which_says_so():
    void = replace(STORING, void="wrk is not installed")
    run = Run("events", TINY, figures=[void])
    assert run.exit_code == 0
    assert "Void, which a full run does not let pass: storing" in run.report()
    assert Run("events", FULL, figures=[void]).exit_code == 1


def test_a_reference_of_nothing_gives_no_ratio():
    assert replace(STORING, reference_value=0).ratio == 0
    assert not replace(STORING, reference_value=0).holds


def test_the_table_has_a_line_a_figure_and_the_notes_below():
    text = table([STORING, replace(WAITING, value=2, note="p50 0.2 s", void="too slow")])
    assert "✓  storing  60,000 rows/s  100,000 COPY" in text
    assert "≥ 0.5" in text
    assert "≤ 1 s" in text
    assert text.splitlines()[-2:] == ["   waiting: void: too slow", "   waiting: p50 0.2 s"]


def test_the_file_has_the_fields_of_each_row_in_order(tmp_path):
    write([STORING, Failure("visible", ValueError("no"))], tmp_path / "rows.json")
    good, bad = json.loads((tmp_path / "rows.json").read_text())
    assert tuple(good)[: len(ORDER)] == tuple(bad)[: len(ORDER)] == ORDER
    assert (good["ratio"], good["holds"]) == (0.6, True)
    assert (bad["name"], bad["holds"], bad["error"]) == (
        "visible",
        False,
        "ValueError('no')",
    )


@pytest.mark.parametrize(
    ("figures", "failures", "size", "code"),
    [
        ([STORING], [], FULL, 0),
        ([STORING, replace(WAITING, value=2)], [], FULL, 1),
        ([replace(WAITING, value=2)], [], TINY, 0),
        ([STORING], [Failure("visible", ValueError())], FULL, 1),
        ([STORING], [Failure("visible", ValueError())], TINY, 1),
        ([], [], TINY, 1),
    ],
)
def test_a_run_exits_with_zero_only_when_all_ran_and_all_held_that_is_held(
    figures, failures, size, code
):
    run = Run("events", size, figures=figures, failures=failures)
    assert run.exit_code == code
    assert run.report()


def test_a_failed_module_is_reported_and_the_file_is_written(tmp_path):
    run = Run("events", TINY, file=tmp_path / "rows.json")

    class NoStack:
        env: dict[str, str] = {}

    run.measure(["no_such_module"], stack=NoStack())  # type: ignore[arg-type]
    assert [row["name"] for row in json.loads(run.file.read_text())] == ["no_such_module"]
    assert "no_such_module failed: ModuleNotFoundError" in run.report()
    assert run.exit_code == 1


def test_the_median_of_the_runs_counts():
    values = iter([3.0, 100.0, 1.0])
    assert median_of(lambda: next(values)) == 3.0


def test_a_percentile_is_one_of_the_values():
    values = [float(number) for number in range(200, 0, -1)]
    assert percentile(values, 99) == 198
    assert percentile(values, 50) == 100
    assert percentile([7.0], 99) == 7


def test_only_listed_modules_can_be_asked_for():
    with pytest.raises(LookupError, match="not nonsense"):
        modules_of("events", only=["nonsense"])


def test_the_areas_are_the_packages(capsys):
    assert bench_parser().parse_args(["events"]).area == "events"
    with pytest.raises(SystemExit):
        bench_parser().parse_args(["nonsense"])
    assert "events" in capsys.readouterr().err


@pytest.mark.parametrize("part", ["0", "-1", "1.5", "nan", "half"])
def test_a_part_of_the_full_size_is_above_nothing_and_at_most_all(part, capsys):
    assert bench_parser().parse_args(["events", "--part", "0.2"]).part == 0.2
    with pytest.raises(SystemExit):
        bench_parser().parse_args(["events", "--part", part])
    assert "above 0" in capsys.readouterr().err


def test_a_part_is_held_to_its_bars():
    fifth = full(0.2)
    assert fifth.of(900) == 180
    missed = replace(WAITING, value=2)
    assert Run("events", fifth, figures=[missed]).exit_code == 1
