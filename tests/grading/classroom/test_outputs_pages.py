"""The pages: what they say, and that no student can write into them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings

from tests.grading.classroom.made_up import HOSTILE, RELEASES, WEEK, classes, judged, result, school_class
from utils.grading.classroom.outputs.feedback import feedback_page
from utils.grading.classroom.outputs.gradebook import ManualMark
from utils.grading.classroom.outputs.late import Deadlines, LateRule
from utils.grading.classroom.outputs.marks import in_order, make_marks, make_totals
from utils.grading.classroom.outputs.overrides import Override
from utils.grading.classroom.outputs.released import ReleasedNotebook, read_releases
from utils.grading.classroom.outputs.report import Findings, report_page
from utils.grading.classroom.outputs.similarity import Cluster

TAGS = {
    *(
        "html",
        "head",
        "meta",
        "title",
        "style",
        "body",
        "footer",
        "section",
        "article",
        "header",
        "div",
        "span",
    ),
    *(
        "h1",
        "h2",
        "h3",
        "p",
        "ul",
        "li",
        "b",
        "em",
        "code",
        "pre",
        "details",
        "summary",
        "table",
        "tr",
        "th",
        "td",
    ),
    *("svg", "rect", "text", "line"),
}


TITLES = {key[1]: released.title for key, released in read_releases(RELEASES).items()}


class Page(HTMLParser):
    """A page as a browser takes it apart: its elements, their attributes, its text."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.attributes, self.said, self.open = [], [], [], []
        self.feed(page)
        self.close()
        self.text = " ".join(" ".join(self.said).split())

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.attributes += attributes
        if tag not in ("meta", "rect", "line"):
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.tags.append(tag)
        self.attributes += attributes

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if "style" not in self.open:
            self.said.append(data)


def harmless(page):
    """Take a page apart and assert that nothing in it runs, loads or is left open."""
    page.encode()
    parsed = Page(page)
    assert set(parsed.tags) <= TAGS
    assert parsed.open == []
    for name, value in parsed.attributes:
        assert not name.startswith("on")
        assert name not in ("src", "href", "srcset", "action", "style")
        assert "javascript:" not in (value or "")
    styles = page.split("<style>")[1].split("</style>")[0]
    assert "url(" not in styles
    assert "@import" not in styles
    assert "\x1b" not in page
    assert "\u202e" not in page
    return parsed


def feedback(results, overrides=(), **late):
    marks = make_marks(
        results, {(row.student, row.week, row.notebook, row.exercise): row for row in overrides}
    )
    (total,) = make_totals(marks, late.get("rule"), late.get("deadlines"), late.get("submitted"))
    return feedback_page(total, marks, in_order(results), TITLES, late.get("graded_at", ""))


def report(results, overrides=(), findings=None, **said):
    marks = make_marks(
        results, {(row.student, row.week, row.notebook, row.exercise): row for row in overrides}
    )
    return report_page(in_order(results), marks, make_totals(marks), findings or Findings(), TITLES, **said)


def one_exercise(**said):
    """Return a student's two notebooks, the first exercise of which is special."""
    first, second = school_class("ada")
    special = judged("w1l2", first.exercises[0].exercise, **said)
    return [replace(first, exercises=(special, *first.exercises[1:])), second]


def test_feedback_says_what_was_found():
    results = one_exercise(
        share=0.5,
        groups={"a single square": True, "several channels": False},
        says="The shape is wrong.",
        mistake="forgot_the_padding",
        mistake_says="The `padding` is added on one side only.",
        hint="Both sides count.",
        trace="line 3: return (n - f) // s",
    )
    results[0] = replace(
        results[0],
        repairs=("A check was put back.",),
        skipped=("w1l2-long-training",),
        failed_cells=(("w1l2-own", "It raised NameError."),),
    )
    text = harmless(feedback(results, graded_at="30 November 2026, 12:00")).text
    for said in (
        "Week 1: conv basics",
        "ada",
        "Lesson 2: Made up",
        "Partly right",
        "✓ a single square",
        "✗ several channels",
        "The shape is wrong.",
        "The padding is added on one side only.",
        "Hint: Both sides count.",
        "line 3: return (n - f) // s",
        "A check was put back.",
        "w1l2-long-training",
        "w1l2-own It raised NameError.",
        "Graded at 30 November 2026, 12:00",
    ):
        assert said in text, said


def test_feedback_shows_the_late_penalty():
    due = datetime(2026, 11, 30, tzinfo=UTC)
    late = {"deadlines": Deadlines(due), "submitted": {("ada", WEEK): due + timedelta(hours=30)}}
    text = harmless(feedback(school_class("ada"), rule=LateRule(Decimal(10)), **late)).text
    assert "2 started days after the due time" in text
    assert "80 % of this week" in text
    assert "late" not in harmless(feedback(school_class("ada"), **late)).text


def test_feedback_says_who_set_a_mark():
    row = Override("ada", WEEK, "w1l2", "conv_output_size", Decimal(1), "A <b>fine</b> idea")
    text = harmless(feedback(one_exercise(share=0, status="timeout"), [row])).text
    assert "Set by your teacher: A <b>fine</b> idea" in text


def test_feedback_keeps_the_reasons_of_a_flag_to_the_teacher():
    results = one_exercise(share=0, status="flagged", flagged_for=("It called a secret thing.",))
    page = feedback(results)
    assert "secret" not in page
    assert "until your teacher has decided" in harmless(page).text
    assert "It called a secret thing." in harmless(report(results)).text
    decided = feedback(results, [Override("ada", WEEK, "w1l2", "conv_output_size", Decimal(1), "Fine")])
    assert "until" not in harmless(decided).text


def test_report_tells_what_was_noticed_where_no_points_are_at_stake():
    results = one_exercise(share=0, status="crashed", flagged_for=("It looked for `numpy.pad`.",))
    assert "Noticed, with no points at stake" in harmless(report(results)).text
    assert "numpy.pad" not in feedback(results)


@pytest.mark.parametrize(
    ("status", "said"),
    [("failed", "Could not be judged"), ("timeout", "Took too long"), ("crashed", "Stopped the program")],
)
def test_feedback_names_the_status(status, said):
    text = harmless(feedback(one_exercise(share=0, status=status, needs="zero_pad"))).text
    assert said in text
    assert "it needs zero_pad , which did not work" in text


def test_feedback_of_nothing_handed_in_is_short():
    text = harmless(feedback(school_class("ada", share=0, status="missing"))).text
    assert text.count("Not handed in.") == 2
    assert "conv_output_size" not in text


@pytest.mark.parametrize(
    ("name", "heading", "title"),
    [
        ("2_padding", "Padding, strides and volumes", "Lesson 2: Padding, strides and volumes"),
        ("assignment_1_steps", "Assignment 1: step by step", "Assignment 1: step by step"),
        ("assignment_2_keras", "A network in Keras", "Assignment 2: A network in Keras"),
        ("demo_face_door", "A door that knows faces", "A door that knows faces"),
        ("2_padding", "", "2 padding"),
        ("Über uns", "Us", "Us"),
    ],
)
def test_titles(name, heading, title):
    assert ReleasedNotebook(WEEK, "x", name, heading, "{}", ()).title == title


@settings(max_examples=40)
@given(classes(most=3))
def test_no_student_can_write_into_a_page(results):
    row = replace_reason(results)
    findings = Findings(
        [Cluster(WEEK, "w1l2", "zero_pad", tuple(sorted({one.student for one in results})), 0.9)],
        [ManualMark(one.student, WEEK, "w1l2", "zero_pad", 1.0) for one in results],
        row,
    )
    harmless(report(results, row, findings, unsafe=True, graded_at=HOSTILE))
    for student in {one.student for one in results}:
        harmless(feedback([one for one in results if one.student == student], graded_at=HOSTILE))


def replace_reason(results):
    return [
        Override(one.student, WEEK, "w1l2", "zero_pad", Decimal(1), HOSTILE, HOSTILE, 2)
        for one in results[:1]
    ]


def test_a_template_in_a_name_is_not_run():
    assert "{{ 7 * 7 }}" in harmless(feedback(school_class("{{ 7 * 7 }}"))).text


def test_backticks_and_asterisks_of_a_sentence():
    page = feedback(one_exercise(share=0, says="Add *both* ends of `a * b * c`, and 2*3*4, *args, `x*y*`."))
    assert "Add <em>both</em> ends of <code>a * b * c</code>, and 2*3*4, *args, <code>x*y*</code>." in page


def test_report_shouts_when_boxes_were_off():
    boxed = school_class("ada")
    assert "UNSAFE" not in harmless(report(boxed)).text
    assert "UNSAFE: graded without sandboxes." in harmless(report(boxed, unsafe=True)).text
    one_open = [boxed[0], replace(boxed[1], boxed=False)]
    assert "in 1 notebook." in harmless(report(one_open)).text


def test_report_counts_mistakes_by_name():
    results = [
        *[
            result(f"s{n}", share=0.5, mistake="forgot_the_padding", mistake_says="One side only.")
            for n in range(7)
        ],
        *[
            result(f"t{n}", share=0.5, mistake="floor_is_missing", mistake_says="Not whole.")
            for n in range(3)
        ],
    ]
    text = harmless(report(results)).text
    assert text.index("7 forgot the padding One side only.") < text.index("3 floor is missing Not whole.")


def test_report_tells_the_hardest_exercises():
    easy = result("ada")
    hard = replace(easy, exercises=(judged("w1l2", "conv_output_size", 0.25), *easy.exercises[1:]))
    text = harmless(report([hard, replace(easy, student="bob")])).text
    assert "conv_output_size Lesson 2: Made up w1l2 62 % 1 of 2" in text
    assert "Hardest" not in harmless(report([easy])).text


def test_report_draws_the_distribution():
    results = [one for n in range(9) for one in school_class(f"s{n}", share=n / 8)]
    page = report([*results, *school_class("nobody", share=0, status="missing")])
    text = harmless(page).text
    assert "9 handed in, 1 did not. Mean 50.0 %, median 50.0 %, full marks 1." in text
    heights = [float(part.split('"')[0]) for part in page.split('width="56" height="')[1:]]
    assert len(heights) == 10
    assert sum(heights) == pytest.approx(9 * max(heights) / 1, rel=0.6)


def test_report_lists_what_could_not_be_judged_with_reasons():
    results = [
        *school_class("ada", share=0, status="timeout", says="It ran for more than 30 seconds."),
        replace(
            result("bob", share=0, status="failed"), failed_cells=(("w1l2-mine", "It raised NameError."),)
        ),
        result("eve", repairs=("The notebook's metadata was lost.",)),
        result("zoe", share=0, status="missing"),
    ]
    text = harmless(report(results)).text
    assert "ada Lesson 2: Made up w1l2 timeout It ran for more than 30 seconds." in text
    assert "w1l2-mine : It raised NameError." in text
    assert "The notebook's metadata was lost." in text
    assert "zoe Week 1: conv basics w1l2" in text


def test_report_of_a_large_class_stays_readable():
    results = [result(f"s{n:04}", share=0, status="crashed", says=f"Signal {n}") for n in range(450)]
    page = report(results)
    assert "… and 250 more." in harmless(page).text
    assert len(page) < 500_000


def test_report_of_nobody():
    assert "Nothing was graded." in harmless(report([])).text
