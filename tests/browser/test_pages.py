"""Feedback page and class report in Chromium: no request, no complaint, no axe finding, fit for a phone."""

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "autograder"))

from records import make_class, notebook  # noqa: E402

from autograder.course import Course  # noqa: E402
from autograder.feedback import feedback_page  # noqa: E402
from autograder.report import class_report  # noqa: E402

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


@pytest.fixture(scope="module", params=["feedback", "report"])
def file(request, tmp_path_factory):
    """One of the pages as a file, of a student with troubles and of the class."""
    course, (records, answers) = Course.at(ROOT), make_class(40, seed=3)
    troubled = next(r for r in records if any(c["trace"] for c in r["cells"]))
    troubled["problems"] = ["The cell softmax-visible was deleted: restored."]
    book = notebook(answers[troubled["student"]])
    pages = {
        "feedback": lambda: feedback_page(course, troubled, None, book, {"softmax": "Well done."}),
        "report": lambda: class_report(course, "attention", records, answers),
    }
    path = tmp_path_factory.mktemp("pages") / f"{request.param}.html"
    path.write_text(pages[request.param](), encoding="utf-8")
    return path


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 375])
def test_page_in_a_browser(browser, axe, file, width, scheme):
    context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)
    page, asked, complaints = context.new_page(), [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: complaints.append(message.text))
    page.goto(file.as_uri())
    page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
    assert asked == [file.as_uri()]
    assert complaints == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.locator("h1:visible").count() == 1
    assert axe(page) == []
    context.close()
