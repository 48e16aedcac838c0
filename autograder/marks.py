"""nbgrader's marks in a piece of source: the regions of a solution, and what is left without them."""

import ast
import re
from dataclasses import dataclass

from autograder.course import CourseError

BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"
HIDDEN_BEGIN, HIDDEN_END = "### BEGIN HIDDEN TESTS", "### END HIDDEN TESTS"
DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


@dataclass(frozen=True)
class Definition:
    """A top-level function or class of a file, with its decorators and its very text."""

    name: str
    source: str
    first: int  # line of the first decorator or of the def, from 0
    last: int  # one past its last line


def definitions(source, where):
    """Top-level functions and classes by name; raises CourseError when the source is no Python."""
    try:
        tree = ast.parse(source)
    except SyntaxError as error:
        raise CourseError(f"{where}: not valid Python (line {error.lineno}: {error.msg}).") from None
    lines = source.splitlines()
    found = {}
    for node in tree.body:
        if isinstance(node, DEFINITIONS):
            first = min([node.lineno, *(d.lineno for d in node.decorator_list)]) - 1
            last = end_with_comments(lines, node.end_lineno)
            found[node.name] = Definition(node.name, "\n".join(lines[first:last]), first, last)
    return found


def end_with_comments(lines, last):
    """One past the last line of a definition, with indented comments, which the syntax tree leaves out."""
    end = last
    for i in range(last, len(lines)):
        if lines[i].strip() and not lines[i][0].isspace():
            break
        end = i + 1 if lines[i].strip() else end
    return end


def regions(source, where, begin=BEGIN, end=END):
    """(first, last) lines of the regions, marks included; raises CourseError when marks do not pair up."""
    found, start = [], None
    for i, line in enumerate(source.splitlines()):
        if begin in line:
            if start is not None:
                raise CourseError(f"{where}: `{begin}` inside a region that has not ended (line {i + 1}).")
            start = i
        elif end in line:
            if start is None:
                raise CourseError(f"{where}: `{end}` without `{begin}` (line {i + 1}).")
            found.append((start, i))
            start = None
    if start is not None:
        raise CourseError(f"{where}: `{begin}` without `{end}` (line {start + 1}).")
    return found


def inside(source, where, begin=BEGIN, end=END):
    """The text of each marked region, without its marks."""
    lines = source.splitlines()
    return ["\n".join(lines[a + 1 : b]) for a, b in regions(source, where, begin, end)]


def emptied(source, where, stub="raise NotImplementedError()"):
    """The source with each marked region replaced by `stub`, indented as the mark was."""
    lines = source.splitlines()
    for first, last in reversed(regions(source, where)):
        indent = re.match(r"\s*", lines[first]).group()
        lines[first : last + 1] = [indent + line for line in stub.splitlines()]
    return "\n".join(lines)


def check_hole(definition, where):
    """Raise CourseError unless there are marks in the body, with signature and docstring outside."""
    place = f"{where}: {definition.name}"
    if not regions(definition.source, place):
        raise CourseError(f"{place} has no `{BEGIN}` … `{END}` in its body.")
    stub = emptied(definition.source, place)
    remaining = definitions(stub, f"{place}, emptied,").get(definition.name)
    full = ast.parse(definition.source).body[0]
    left = ast.parse(stub).body[0] if remaining else None
    if left is None or ast.get_docstring(left) != ast.get_docstring(full):
        raise CourseError(f"{place}: signature and docstring must stay outside the marks.")
    if ast.get_docstring(full) is None:
        raise CourseError(f"{place} has no docstring: the specification stands there.")
