"""The directive `quiz`: what it reads, what it refuses and how it says so, and that every chapter asks."""

import importlib.util
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
QUIZ = re.compile(r"^(`{3,})\{quiz\}\n(.*?)^\1$", re.M | re.S)

spec = importlib.util.spec_from_file_location("quiz_of_the_book", ROOT / "book" / "quiz.py")
quiz = importlib.util.module_from_spec(spec)
sys.modules[spec.name] = quiz
spec.loader.exec_module(quiz)

ONE = """What is $1 + 1$?
It is an *old* question.

( ) Three
: One too many.

(x) Two, by `1 + 1`,
  on two lines
: Count on your fingers.

  And a second paragraph.

( ) One
: One too few."""
SEVERAL = ONE.replace("( ) One", "(X) One more than one")
NUMBER = "How many?\n\n= 6.64 ± 0.01\n: The logarithm.\n\n= 50,257\n: The size of the vocabulary."

# What is wrong, its line in the quiz (from 0), and words that name it.
WRONG = {
    "no right option": (ONE.replace("(x)", "( )"), 3, "no right option"),
    "no explanation": (ONE.replace(": One too many.\n", ""), 3, "'( ) Three' has no explanation"),
    "no explanation at the end": (ONE.replace(": One too few.", ""), 12, "'( ) One' has no explanation"),
    "no question": (ONE.split("\n\n", 1)[1], 0, "no question"),
    "no answers": ("Why?", 0, "no answers"),
    "one option": ("Why?\n\n(x) So\n: Because.", 2, "a single option"),
    "two kinds": (ONE + "\n\n= 4\n: A number.", 15, "options and numbers in one quiz"),
    "two explanations": (ONE.replace(": One too many.", ": One.\n: Many."), 5, "belongs to no answer"),
    "an empty option": (ONE.replace("( ) Three", "( )"), 3, "nothing stands after '( )'"),
    "an empty explanation": (ONE.replace(": One too many.", ":"), 4, "nothing stands after ':'"),
    "nearly an option": (ONE.replace("( ) One", "() One"), 12, "'() One' is nearly a mark"),
    "nearly a right option": (ONE.replace("(x)", "[x]"), 6, "is nearly a mark"),
    "nearly an explanation": (ONE.replace(": One too few.", ":One too few."), 13, "is nearly a mark"),
    "not a number": (NUMBER.replace("6.64 ±", "about 6 ±"), 2, "'about 6 ± 0.01' is no number"),
    "not a tolerance": (NUMBER.replace("0.01", "little"), 2, "is no number"),
    "a mistake that is no number": (NUMBER.replace("50,257", "many"), 5, "'many' is no number"),
    "an option of two paragraphs": (
        ONE.replace("( ) Three", "( ) Three\n\nor four"),
        3,
        "an answer is one paragraph: 'Three'",
    ),
}
# These can only be seen once the Markdown is read.
IN_SPHINX = ("not a number", "not a tolerance", "a mistake that is no number", "an option of two paragraphs")


def test_options_are_read():
    question, answers, kind = quiz.parse(ONE.splitlines())
    assert question.text == "What is $1 + 1$?\nIt is an *old* question."
    assert [a.right for a in answers] == [False, True, False]
    assert answers[1].text.text == "Two, by `1 + 1`,\n  on two lines"
    assert answers[1].why.text.endswith("And a second paragraph.")
    assert kind == "radio"


def test_several_right_options_are_checkboxes():
    assert quiz.parse(SEVERAL.splitlines())[2] == "checkbox"


def test_the_first_number_is_right_and_the_others_are_mistakes():
    _, answers, kind = quiz.parse(NUMBER.splitlines())
    assert [a.right for a in answers] == [True, False]
    assert kind == "number"


def test_marks_inside_a_fence_are_text():
    code = "```python\n= 4\n( ) x\n: y\n```"
    question, answers, _ = quiz.parse(
        f"{code}\nWhat is it?\n\n(x) Code\n: A fence.\n( ) No\n: Yes.".splitlines()
    )
    assert question.text == f"{code}\nWhat is it?"
    assert len(answers) == 2


@pytest.mark.parametrize(
    ("text", "value", "within"),
    [
        ("6.64 ± 0.01", 6.64, 0.01),
        ("4", 4, 0),
        ("50,257", 50257, 0),
        ("1e3±1e-2", 1000, 0.01),
        (" −2.5 ", -2.5, 0),
    ],
)
def test_numbers(text, value, within):
    assert quiz.number(text) == (value, within)


@pytest.mark.parametrize("text", ["", "four", "4 bits", "4 ±", "± 1", "4 ± -1", "1.2.3", "nan"])
def test_what_is_no_number(text):
    with pytest.raises(ValueError, match="is no number"):
        quiz.number(text)


@pytest.mark.parametrize("name", [name for name in WRONG if name not in IN_SPHINX])
def test_a_slip_is_named_with_its_line(name):
    text, line, words = WRONG[name]
    with pytest.raises(quiz.QuizError, match=re.escape(words)) as caught:
        quiz.parse(text.splitlines())
    assert caught.value.line == line


def build(folder, *settings, parser="myst_parser"):
    """Run Sphinx on the folder, each page an orphan; gives exit code and what it said."""
    settings = ["html_theme=basic", "root_doc=one", *settings]
    options = [word for setting in (f"extensions=quiz,{parser}", *settings) for word in ("-D", setting)]
    command = [sys.executable, "-m", "sphinx", "-qCW", "--keep-going", *options, folder, folder / "html"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "book")}
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    return done.returncode, done.stderr


def page(*texts):
    quizzes = "\n\n".join(f"````{{quiz}}\n{text}\n````" for text in texts)
    return f"---\norphan: true\n---\n# A page\n\n{quizzes}\n"


@pytest.fixture(scope="module")
def complaints(tmp_path_factory):
    """What Sphinx says about one page for each slip, by the slip's name."""
    folder = tmp_path_factory.mktemp("wrong")
    (folder / "one.md").write_text(page(ONE))
    for i, (text, _, _) in enumerate(WRONG.values()):
        (folder / f"wrong{i}.md").write_text(page(ONE, text))
    code, said = build(folder)
    assert code != 0
    return {name: [s for s in said.splitlines() if f"wrong{i}.md" in s] for i, name in enumerate(WRONG)}


@pytest.mark.parametrize("name", WRONG)
def test_the_build_fails_and_names_page_line_and_slip(complaints, name):
    _, line, words = WRONG[name]
    before = page(ONE, "").count("\n") - 1
    (said,) = complaints[name]
    assert re.search(rf"wrong\d+\.md:{before + line}: WARNING: quiz: ", said)
    assert words in said


def test_a_good_page_is_built_with_its_explanations_in_it(tmp_path):
    (tmp_path / "one.md").write_text(page(ONE, SEVERAL, NUMBER))
    assert build(tmp_path) == (0, "")
    html = (tmp_path / "html" / "one.html").read_text("utf-8")
    assert html.count('<div class="quiz"') == 3
    assert [html.count(f'type="{kind}" name="quiz-') for kind in ("radio", "checkbox")] == [3, 3]
    assert html.count("inputmode=") == 1
    assert "<em>old</em>" in html
    assert html.index("<details") < html.index("One too many.")
    assert 'data-value="6.64" data-within="0.01"' in html
    assert 'data-value="50257.0"' in html


def test_the_script_is_loaded_where_a_quiz_is(tmp_path):
    (tmp_path / "one.md").write_text(page(ONE))
    (tmp_path / "two.md").write_text("---\norphan: true\n---\n# No question\n")
    build(tmp_path)
    loaded = {
        name: re.findall(r"_static/(quiz\.js)", (tmp_path / "html" / f"{name}.html").read_text())
        for name in ("one", "two")
    }
    assert loaded == {"one": ["quiz.js"], "two": []}
    assert (tmp_path / "html" / "_static" / "quiz.js").exists()


def test_a_number_that_the_page_measured(tmp_path):
    text = NUMBER.replace("6.64", "{glue:text}`bits:.2f`")
    output = {
        "output_type": "display_data",
        "data": {"application/papermill.record/text/plain": "6.6412"},
        "metadata": {"scrapbook": {"name": "bits", "mime_prefix": "application/papermill.record/"}},
    }
    cells = [
        {"cell_type": "code", "execution_count": 1, "metadata": {}, "source": "", "outputs": [output]},
        {"cell_type": "markdown", "metadata": {}, "source": f"# One\n\n````{{quiz}}\n{text}\n````"},
    ]
    notebook = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 4}
    (tmp_path / "one.ipynb").write_text(json.dumps(notebook))
    assert build(tmp_path, "nb_execution_mode=off", parser="myst_nb") == (0, "")
    assert 'data-value="6.64" data-within="0.01"' in (tmp_path / "html" / "one.html").read_text("utf-8")


def asked(path) -> list:
    """Every quiz of a page: (question, answers, kind)."""
    return [quiz.parse(text.splitlines()) for _, text in QUIZ.findall(path.read_text("utf-8"))]


def chapters() -> list[Path]:
    contents = yaml.safe_load((ROOT / "_toc.yml").read_text("utf-8"))
    names = [chapter["file"] for part in contents["parts"] for chapter in part["chapters"]]
    return [path for name in names if "{code-cell}" in (path := ROOT / f"{name}.md").read_text("utf-8")]


@pytest.mark.parametrize("path", chapters(), ids=lambda path: path.stem)
def test_every_chapter_asks(path):
    kinds = [kind for _, _, kind in asked(path)]
    assert len(kinds) >= 3
    assert "number" in kinds


@pytest.mark.parametrize(
    "path", [p for p in chapters() if p.parent.name != "front"], ids=lambda path: path.stem
)
def test_a_chapter_asks_before_its_end(path):
    """Somewhere a prediction is asked for before the code that reveals it; front pages are one figure each."""
    text = path.read_text("utf-8")
    assert -1 < text.find("{quiz}") < text.rfind("{code-cell}")


def test_neither_length_nor_place_gives_the_answer_away():
    choices = [answers for path in chapters() for _, answers, kind in asked(path) if kind == "radio"]
    longest = [max(answers, key=lambda answer: len(answer.text.text)).right for answers in choices]
    places = [[answer.right for answer in answers].index(True) for answers in choices]
    assert sum(longest) <= len(choices) / 2
    assert max(map(places.count, places)) <= len(choices) / 2
