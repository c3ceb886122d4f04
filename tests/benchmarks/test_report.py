"""What is printed, drawn and put into the README."""

import pytest

from benchmarks.figures import draw_run
from benchmarks.report import BEGIN, END, fill_readme, group_rows, print_run, ratio_text, seconds_text
from benchmarks.results import write_run
from benchmarks.spread import Spread
from tests.benchmarks.fakes import case_result, of_size, run, with_ratio
from utils.course.refusal import Refusal


def test_a_form_a_row_with_its_goal():
    rows = list(group_rows(run().groups[0]))
    assert rows == [
        ("forward", "TensorFlow", "2 (1.8–2.2)", "≤ 1.5", "no"),
        ("forward", "PyTorch", "not installed", "≤ 1", "not judged"),
        ("forward", "sgemm", "1.25 (1.2–1.3)", "", ""),
        ("forward", "(seconds)", "1 (0.9–1.1) s", "≤ 3 s", "yes"),
        ("forward", "(peak memory in outputs)", "1.10", "≤ 3", "yes"),
    ]


def test_a_refused_case_is_one_row_without_figures():
    (row,) = group_rows(run(case_result(refused="others compute")).groups[0])
    assert row == ("forward", "", "not reported: others compute", "", "")


@pytest.mark.parametrize(
    ("ratio", "rounds", "wanted"),
    [
        (Spread(0.00123456, 0.00234567, 0.0034), 9, "0.00235 (0.00123–0.0034)"),
        (Spread(410.2, 420.3, 430.4), 9, "420 (410–430)"),
        (Spread(2, 2, 2), 1, "2 (one round)"),
    ],
)
def test_ratios_have_three_digits(ratio, rounds, wanted):
    assert ratio_text(ratio, rounds) == wanted


@pytest.mark.parametrize(("seconds", "unit"), [(2.0, " s"), (0.02, " ms"), (2e-5, " µs")])
def test_seconds_have_a_fitting_unit(seconds, unit):
    text = seconds_text(Spread(seconds, seconds, seconds), 9)
    assert text.startswith("2")
    assert text.endswith(unit)


def test_everything_is_printed(capsys):
    print_run(run(case_result(), *(of_size(size, size**2) for size in (1.0, 2.0, 4.0))))
    said = capsys.readouterr().out
    for text in ("TensorFlow", "2 (1.8–2.2)", "not installed", "1 thread", "2.00 ± 0.00"):
        assert text in said


def test_figures_are_drawn_beside_the_file(tmp_path):
    whole = run(case_result(), *(of_size(size, size**2) for size in (1.0, 2.0, 4.0)))
    drawn = draw_run(whole, tmp_path / "run.json")
    assert [path.name for path in drawn] == ["run-ratios.png", "run-growth.png"]
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in drawn)


def test_nothing_is_drawn_of_a_run_without_figures(tmp_path):
    assert draw_run(run(case_result(refused="noise", forms=())), tmp_path / "run.json") == []


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "results").mkdir()
    (tmp_path / "README.md").write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")
    return tmp_path


def test_the_readme_gets_the_tables_between_its_marks(folder):
    write_run(run(with_ratio(1.0, 1.1, 1.2)), folder / "results" / "quiet.json")
    write_run(run(with_ratio(1.1, 1.2, 1.3)), folder / "results" / "quiet.again.json")
    fill_readme(folder)
    text = (folder / "README.md").read_text()
    assert text.startswith("before\n")
    assert text.endswith("after\n")
    assert "old" not in text
    assert "### quiet\n" in text
    assert "made up" in text
    assert "| forward: a convolution | TensorFlow | 1.1 (1–1.2) |  |  | 1.2 (1.1–1.3), agrees |" in text
    fill_readme(folder)
    assert (folder / "README.md").read_text() == text


def test_a_run_alone_has_no_column_for_a_second(folder):
    write_run(run(), folder / "results" / "run.json")
    fill_readme(folder)
    assert "second run" not in (folder / "README.md").read_text()


def test_no_run_a_smoke_run_or_a_readme_without_marks_is_refused(folder):
    before = (folder / "README.md").read_text()
    with pytest.raises(Refusal, match="no run"):
        fill_readme(folder)
    write_run(run(smoke=True), folder / "results" / "run.json")
    with pytest.raises(Refusal, match="smoke"):
        fill_readme(folder)
    assert (folder / "README.md").read_text() == before
    (folder / "README.md").write_text("no marks")
    with pytest.raises(Refusal, match="README"):
        fill_readme(folder)
