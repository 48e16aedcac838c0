"""Sphinx extension: the directive `quiz`, a question that the page itself answers (syntax: CONTRIBUTING.md).

Everything is in the HTML: question, options, and the explanations in a folded answer. That is what a reader
without JavaScript gets; `static/quiz.js` shows the controls and brings up the explanation of what was chosen.
"""

import re
from dataclasses import dataclass
from pathlib import Path

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

STATIC = Path(__file__).parent / "static"
LOGGER = logging.getLogger(__name__)
MARK = re.compile(r"(\([ xX]\)|=|:)(?:\s+(.*)|$)")
NEARLY = re.compile(r"\(\)|\[[ xX]?\]|\(\s*[xX]\s*\)|=\S|:\S")
FENCE = re.compile(r"\s*(`{3,}|~{3,}|:{3,})")
NUMBER = re.compile(r"([-+]?\d[\d,]*(?:\.\d+)?(?:[eE][-+]?\d+)?)(?:\s*±\s*(\d+(?:\.\d+)?(?:[eE][-+]?\d+)?))?")
KINDS = {"(": ("radio", "checkbox"), "=": ("number",)}


class QuizError(ValueError):
    """A slip in a quiz: `line` counts from its first line of content, the text says what is wrong."""

    def __init__(self, line: int, text: str):
        super().__init__(text)
        self.line = line


@dataclass
class Block:
    """Lines under one mark: `( )`, `(x)`, `=`, `:`, or nothing for the question; `line` is the first one's."""

    mark: str
    line: int
    lines: list[str]

    @property
    def text(self) -> str:
        return "\n".join(self.lines).strip()


@dataclass
class Answer:
    """An option or a number with its explanation."""

    text: Block
    why: Block
    right: bool


def blocks(lines: list[str]) -> list[Block]:
    """Cut the lines at their marks, the question first; marks inside a fence are text. Raises QuizError."""
    found, fence = [Block("", 0, [])], ""
    for number, line in enumerate(lines):
        mark = None if fence else MARK.fullmatch(line)
        if mark:
            found.append(Block(mark[1].lower(), number, [mark[2] or ""]))
            continue
        opened = FENCE.match(line)
        if fence:
            fence = "" if line.strip() == fence else fence
        elif opened:
            fence = opened[1]
        elif NEARLY.match(line):
            raise QuizError(number, f"'{line}' is nearly a mark: write '( ) ', '(x) ', '= ' or ': '")
        found[-1].lines.append(line)
    return found


def parse(lines: list[str]) -> tuple[Block, list[Answer], str]:
    """Question, answers and kind (radio, checkbox or number) of a quiz. Raises QuizError."""
    question, *rest = blocks(lines)
    if not question.text:
        raise QuizError(0, "no question above the first answer")
    answers: list[Answer] = []
    waiting = None
    for block in rest:
        if not block.text:
            raise QuizError(block.line, f"nothing stands after '{block.mark}'")
        if (block.mark == ":") == (waiting is None):
            raise QuizError(block.line if waiting is None else waiting.line, _lonely(waiting))
        if block.mark == ":":
            right = waiting.mark == "(x)" or (waiting.mark == "=" and not answers)
            answers.append(Answer(waiting, block, right))
        waiting = None if block.mark == ":" else block
    if waiting is not None:
        raise QuizError(waiting.line, _lonely(waiting))
    return question, answers, _kind(answers)


def _lonely(block: Block | None) -> str:
    if block is None:
        return "an explanation (':') that belongs to no answer"
    return f"'{block.mark} {block.lines[0]}' has no explanation: a line ': Why' must follow"


def _kind(answers: list[Answer]) -> str:
    """Raises QuizError unless the answers go together."""
    if not answers:
        raise QuizError(0, "no answers: options '( )' and '(x)', or a number '='")
    first = answers[0].text.mark[0]
    for answer in answers:
        if answer.text.mark[0] != first:
            raise QuizError(answer.text.line, "options and numbers in one quiz: choose one kind")
    right = sum(answer.right for answer in answers)
    if first == "(" and len(answers) < 2:
        raise QuizError(answers[0].text.line, "a single option is no choice")
    if not right:
        raise QuizError(answers[0].text.line, "no right option: mark at least one with '(x)'")
    return KINDS[first][right > 1]


def number(text: str) -> tuple[float, float]:
    """'6.64 ± 0.01' as value and tolerance, '50,257' without one. Raises ValueError."""
    found = NUMBER.fullmatch(text.strip().replace("−", "-"))
    if not found:
        raise ValueError(f"'{text}' is no number such as 4, 1,024, 1e3 or 6.64 ± 0.01")
    return float(found[1].replace(",", "")), float(found[2] or 0)


class tag(nodes.General, nodes.Element):
    """An HTML element, `tag("label", {"class": "quiz-option"}, …)`; other formats get what is in it."""

    def __init__(self, name: str = "", attributes: dict | None = None, *children: nodes.Node):
        super().__init__("", *children, name=name, attributes=attributes or {})


def open_tag(translator, node: tag) -> None:
    attributes = {key: value for key, value in node["attributes"].items() if value is not None}
    written = "".join(f' {key}="{translator.attval(str(value))}"' for key, value in attributes.items())
    translator.body.append(f"<{node['name']}{written}>")


def close_tag(translator, node: tag) -> None:
    if node["name"] != "input":
        translator.body.append(f"</{node['name']}>")


def _pass(translator, node) -> None:
    """Formats other than HTML show the content alone."""


class Quiz(SphinxDirective):
    """The directive: a group with question, controls, an empty line that is spoken, and the folded answer."""

    has_content = True

    def run(self) -> list[nodes.Node]:
        try:
            question, answers, kind = parse(list(self.content))
            return [self.group(question, answers, kind)]
        except QuizError as error:
            place = (self.env.docname, self.lineno + self.content_offset + 1 + error.line)
            LOGGER.warning("quiz: %s", error, location=place, type="quiz")
            return []

    def group(self, question: Block, answers: list[Answer], kind: str) -> tag:
        """The whole quiz as nodes."""
        count = self.env.new_serialno("quiz") + 1
        name = f"quiz-{count}"
        title = tag("p", {"class": "quiz-number", "id": f"{name}-number"}, nodes.Text(f"Question {count}"))
        asked = tag("div", {"class": "quiz-question", "id": f"{name}-question"}, *self.rendered(question))
        build = self.numbers if kind == "number" else self.choices
        controls, explained = build(name, answers, kind)
        check = tag("p", {"class": "quiz-check"}, tag("button", {"type": "submit"}, nodes.Text("Check")))
        form = tag("form", {"autocomplete": "off", "data-kind": kind}, controls, check)
        said = tag("div", {"class": "quiz-said", "role": "status"})
        summary = tag("summary", {}, nodes.Text("Answer"))
        folded = tag("details", {"class": "quiz-answers"}, summary, tag("ul", {}, *explained))
        labels = f"{name}-number {name}-question"
        attributes = {"class": "quiz", "id": name, "role": "group", "aria-labelledby": labels}
        return tag("div", attributes, title, asked, form, said, folded)

    def choices(self, name: str, answers: list[Answer], kind: str) -> tuple[tag, list[tag]]:
        """The list of options with their controls, and the explanations, in the same order."""
        offered, explained = [], []
        for i, answer in enumerate(answers):
            letter, shown = chr(ord("A") + i), self.sentence(answer.text)
            # A formula alone is no name that every screen reader finds.
            bare = all(isinstance(node, nodes.math) for node in shown)
            spoken = f"{letter}: {shown[0].astext()}" if bare else None
            control = tag("input", {"type": kind, "name": name, "value": i, "aria-label": spoken})
            offered.append(tag("li", {}, tag("label", {}, control, tag("span", {}, *shown))))
            explained.append(self.explained(answer, [nodes.Text(letter)], {}))
        return tag("ol", {"class": "quiz-options"}, *offered), explained

    def numbers(self, name: str, answers: list[Answer], kind: str) -> tuple[tag, list[tag]]:
        """A field for a number, and the explanations of the numbers that are known."""
        explained, values = [], []
        for answer in answers:
            shown = self.sentence(answer.text)
            try:
                value, within = number("".join(node.astext() for node in shown))
            except ValueError as error:
                raise QuizError(answer.text.line, str(error)) from None
            values.append(value)
            explained.append(self.explained(answer, shown, {"data-value": value, "data-within": within}))
        # A phone's number pad has no minus.
        mode = "text" if min(values) < 0 else "decimal"
        field = tag("input", {"type": "text", "inputmode": mode, "name": name, "size": 12})
        label = tag("label", {}, nodes.Text("Your number: "), field)
        return tag("p", {"class": "quiz-field"}, label), explained

    def explained(self, answer: Answer, what: list[nodes.Node], attributes: dict) -> tag:
        """'✓ B is right.' or '✗ B is wrong.', and why."""
        sign, word = ("✓", " is right.") if answer.right else ("✗", " is wrong.")
        spoken = tag("span", {"aria-hidden": "true"}, nodes.Text(f"{sign} "))
        verdict = tag("strong", {"class": "quiz-verdict"}, spoken, *what, nodes.Text(word))
        why = self.rendered(answer.why)
        if isinstance(why[0], nodes.paragraph):
            why[0].insert(0, [verdict, nodes.Text(" ")])
        else:
            why.insert(0, nodes.paragraph("", "", verdict))
        return tag("li", {"class": "right" if answer.right else "wrong", **attributes}, *why)

    def sentence(self, block: Block) -> list[nodes.Node]:
        """The text of an option or number, which is one paragraph. Raises QuizError."""
        parsed = self.rendered(block)
        if len(parsed) != 1 or not isinstance(parsed[0], nodes.paragraph):
            raise QuizError(block.line, f"an answer is one paragraph: '{block.lines[0]}'")
        return parsed[0].children

    def rendered(self, block: Block) -> list[nodes.Node]:
        """The block's Markdown as nodes."""
        parent = nodes.Element()
        self.state.nested_parse(StringList(block.lines), self.content_offset + block.line, parent)
        return parent.children


def add_static(app, config) -> None:
    """Serve script and style; the style is one of the book's own, which may be joined into one sheet."""
    if str(STATIC) not in config.html_static_path:
        config.html_static_path.append(str(STATIC))
    app.add_css_file("quiz.css")


def load_where_asked(app, pagename, templatename, context, doctree) -> None:
    """Give the script to the pages that have a quiz."""
    if 'class="quiz"' in context.get("body", ""):
        # In the page itself: it tells the style sheet before the first paint that the controls will work.
        app.add_js_file(None, body="document.documentElement.classList.add('quiz-live')")
        app.add_js_file("quiz.js", loading_method="defer")


def setup(app) -> dict:
    app.add_node(tag, html=(open_tag, close_tag), **dict.fromkeys(("latex", "text", "man"), (_pass, _pass)))
    app.add_directive("quiz", Quiz)
    app.connect("config-inited", add_static)
    app.connect("html-page-context", load_where_asked)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
