"""Questions in a built page: chosen by mouse and by keyboard, right and wrong, spoken, and without JavaScript."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import violations

ROOT = Path(__file__).resolve().parents[2]
pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("figures")]

CONF = """
extensions = ["myst_nb", "course", "quiz", "sphinxcontrib.katex"]
html_theme, html_context = "sphinx_book_theme", {"default_mode": "auto"}
myst_enable_extensions, language = ["dollarmath"], "en"
katex_prerender, katex_css_path = True, "katex/katex.min.css"
"""
PAGE = """# A page

````{quiz}
What does $e^0$ come to, in `python`?

```python
= math.exp(0)
```

( ) Nothing, $0$
: The exponent is 0, not the power.

(x) One
: Every number to the power of $0$ is $1$.

( ) $e$
: That is the first power.
````

Some words.

```{quiz}
Which are even?

(x) 2
: Twice 1.

( ) 3
: One is left over.

(x) 4
: Twice 2.
```

```{quiz}
How many bits have a hundred values?

= 6.64 ± 0.01
: The logarithm of 100.

= 100
: So many values, not bits.
```

```{quiz}
How many tokens has GPT-2?

= 50257
: 256 + 50,000 + 1.

= -1
: Below zero.
```

```{quiz}
What share is a half?

= 0.5
: One of two.
```
"""
SCHEMES = ("light", "dark")
SIZES = "all => all.map(e => e.getBoundingClientRect()).map(box => [box.width, box.height])"
# What the reader types, and what the page says: the numbers that a text can mean.
TYPED = {
    "6.64": "6.64 ± 0.01 is right.",
    "6,64": "6.64 ± 0.01 is right.",
    " 6.645 ": "6.64 ± 0.01 is right.",
    "６，６４": "6.64 ± 0.01 is right.",
    "664e-2": "6.64 ± 0.01 is right.",
    "664 %": "6.64 ± 0.01 is right.",
    "6.66": "it is too large",
    "6,6": "it is too small",
    "−7": "it is too small",
    "1e3": "it is too large",
    "100": "100 is wrong. So many values",
    "": "Write a number first.",
    "six": "“six” is no number",
    "6.64 bits": "is no number",
    "1.2.3": "is no number",
    "1e999": "is no number",
    "<b>6</b>": "“<b>6</b>” is no number",
}


@pytest.fixture(scope="module")
def address(tmp_path_factory, serve):
    """A book of two small pages in the course's own style; the first has questions."""
    folder = tmp_path_factory.mktemp("quiz")
    (folder / "conf.py").write_text(CONF)
    (folder / "index.md").write_text(f"{PAGE}\n```{{toctree}}\nplain\n```\n")
    (folder / "plain.md").write_text("# No question\n\nOnly words.\n")
    command = [sys.executable, "-m", "sphinx", "-qW", "-D", f"html_favicon={ROOT}/book/static/icon.png"]
    command += [folder, folder / "html"]
    subprocess.run(command, env={**os.environ, "PYTHONPATH": str(ROOT / "book")}, check=True)
    return serve(folder / "html")


@pytest.fixture
def visit(open_page, address):
    """visit(…): the page with the questions, its `check(i)` presses a button and gives what is said."""

    def open_quiz(**options):
        page = open_page(f"{address}/index.html", **options)
        page.quiz = lambda i: page.locator(".quiz").nth(i)

        def check(i):
            page.quiz(i).get_by_role("button", name="Check").click()
            return page.quiz(i).get_by_role("status").inner_text()

        page.check = check
        return page

    return open_quiz


def test_a_wrong_option_says_why_and_may_be_tried_again(visit):
    page = visit()
    assert page.quiz(0).get_by_text("not the power").is_hidden()
    page.quiz(0).get_by_label("Nothing").check()
    assert page.check(0) == "✗ A is wrong. The exponent is 0, not the power."
    page.quiz(0).get_by_label("One").check()
    said = page.check(0)
    assert said.startswith("✓ B is right. Every number to the power of")
    assert page.quiz(0).get_by_role("status").locator(".katex").count() == 2
    assert page.complaints == page.foreign == []


def test_nothing_chosen_is_no_answer(visit):
    page = visit()
    assert page.check(0) == page.check(1) == "Choose an answer first."
    assert page.quiz(0).locator("details").is_hidden()


def test_several_answers_are_all_needed(visit):
    page = visit()
    two, three, four = (page.quiz(1).get_by_label(text) for text in "234")
    two.check()
    assert page.check(1).split("\n")[0] == "✓ A is right. Twice 1." or "something is missing" in page.check(1)
    assert "C is right" not in page.check(1)
    three.check()
    assert page.check(1).startswith("✗ Not quite.")
    assert "✗ B is wrong. One is left over." in page.check(1)
    three.uncheck()
    four.check()
    assert page.check(1).startswith("✓ Complete.")
    assert "✓ C is right. Twice 2." in page.check(1)


@pytest.mark.parametrize("typed", TYPED)
def test_a_number_is_read_as_people_write_it(visit, typed):
    page = visit()
    page.quiz(2).get_by_label("Your number").fill(typed)
    assert TYPED[typed] in page.check(2)


def test_thousands_and_shares(visit):
    page = visit()
    for typed, said in {
        "50,257": "✓",
        "50 257": "✓",
        "50257": "✓",
        "50.257": "too small",
        "-1": "Below",
    }.items():
        page.quiz(3).get_by_label("Your number").fill(typed)
        assert said in page.check(3), typed
    for typed, said in {"50 %": "✓", ".5": "✓", "50": "too large", "0,5": "✓"}.items():
        page.quiz(4).get_by_label("Your number").fill(typed)
        assert said in page.check(4), typed


def test_after_an_answer_the_whole_answer_can_be_unfolded(visit):
    page = visit()
    page.quiz(0).get_by_label("One").check()
    page.check(0)
    page.quiz(0).locator("summary").click()
    assert page.quiz(0).locator("details").get_by_text("That is the first power.").is_visible()
    assert page.quiz(1).locator("details").is_hidden()


def test_keyboard_alone(visit):
    page = visit()
    said = page.quiz(0).get_by_role("status")
    page.quiz(0).get_by_label("Nothing").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    assert "B is right" in said.inner_text()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Check"
    page.keyboard.press("Space")
    assert "C is wrong" in said.inner_text()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.quiz(0).locator("details").get_attribute("open") is not None
    page.quiz(2).get_by_label("Your number").focus()
    page.keyboard.type("6,64")
    page.keyboard.press("Enter")
    assert "is right" in page.quiz(2).get_by_role("status").inner_text()


def test_groups_are_named_by_their_questions(visit):
    page = visit()
    assert page.get_by_role("group", name="Question 2 Which are even?").count() == 1
    assert page.get_by_role("group", name="What does").get_by_role("radio").count() == 3
    assert page.evaluate("[...document.querySelectorAll('[id]')].length") == page.evaluate(
        "new Set([...document.querySelectorAll('[id]')].map(e => e.id)).size"
    )


def test_without_javascript_all_can_be_read_and_nothing_is_dead(visit):
    page = visit(javascript=False)
    assert page.quiz(0).get_by_text("One", exact=True).is_visible()
    assert page.locator(".quiz :is(input, button)").count() == 14
    assert page.locator(".quiz :is(input, button):visible").count() == 0
    assert page.quiz(0).get_by_text("not the power").is_hidden()
    page.quiz(0).get_by_text("Answer", exact=True).click()
    assert "✗ A is wrong. The exponent is 0, not the power." in page.quiz(0).inner_text()


def test_on_paper_there_are_questions_and_no_answers(visit):
    page = visit()
    page.quiz(0).get_by_label("One").check()
    page.check(0)
    page.emulate_media(media="print")
    assert page.quiz(0).get_by_text("One", exact=True).is_visible()
    assert page.locator(".quiz button:visible, .quiz-said:visible, .quiz details:visible").count() == 0
    assert "is right" not in page.quiz(0).inner_text()


def test_a_page_without_questions_loads_no_script(open_page, address):
    page = open_page(f"{address}/plain.html")
    assert page.locator("script[src*=quiz]").count() == 0
    assert page.evaluate("document.documentElement.classList.contains('quiz-live')") is False


def test_nothing_moves_when_the_script_arrives(visit):
    page = visit()
    heights = lambda: page.eval_on_selector_all(".quiz", "all => all.map(e => e.offsetHeight)")  # noqa: E731
    after = heights()
    page.route("**/quiz.js*", lambda route: route.abort())
    page.reload(wait_until="networkidle")
    assert heights() == after


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("width", [1280, 375])
def test_axe_finds_nothing_in_any_state(visit, width, scheme):
    page = visit(width=width, scheme=scheme)
    assert violations(page) == []
    page.quiz(0).get_by_label("Nothing").check()
    page.quiz(1).get_by_label("2").check()
    page.quiz(1).get_by_label("3").check()
    page.quiz(2).get_by_label("Your number").fill("6.64")
    page.quiz(3).get_by_label("Your number").fill("nonsense")
    for i in range(5):
        page.check(i)
    assert violations(page) == []
    page.locator(".quiz details:visible").evaluate_all("all => all.forEach(each => each.open = true)")
    page.quiz(0).get_by_label("One").check()
    page.quiz(1).get_by_label("3").uncheck()
    page.quiz(2).get_by_label("Your number").fill("5")
    for i in range(3):
        page.check(i)
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    targets = page.locator(".quiz :is(label, button, summary, .quiz-field input):visible")
    assert [box for box in targets.evaluate_all(SIZES) if min(box) < 24] == []
