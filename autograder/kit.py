"""autograder kit: the students' copy of the course, where pieces whose exercise is still due are stubs.

In the kit: the package, data, released exercises, versions and a README. Left out: solutions, tests, chapters
(they show the pieces), the grader. Marked regions of due modules become `raise NotImplementedError`.
"""

import ast
import contextlib
import shutil
import subprocess
import tempfile
import zipfile
from pathlib import Path

from autograder.course import CourseError
from autograder.marks import BEGIN, definitions, emptied, inside, regions

FILES = ("constraints.txt", "nbgrader_config.py", "LICENSE")
LEFT_OUT = ("project.scripts", "tool.ruff", "tool.pytest", "tool.importlinter")  # tables of pyproject.toml
README = Path(__file__).parent / "templates" / "kit_readme.md"
EPOCH = (1980, 1, 1, 0, 0, 0)  # one date for all files: the same course gives the same zip


def kit(course, target, due):
    """Write the students' copy to `target`, a new folder or a .zip; returns the number of files.

    Raises CourseError when the target exists as something else, or a due exercise does not exist.
    """
    due, target = course.chosen(due) if due else [], Path(target)
    if target.exists() and (target.suffix != ".zip" or target.is_dir()):
        raise CourseError(f"{target} exists already; name a new folder, or a .zip to replace.")
    if not target.parent.is_dir():
        raise CourseError(f"{target.parent} is no folder.")
    with tempfile.TemporaryDirectory(dir=target.parent) as scratch:
        made = Path(scratch, "kit")
        contents = dict(files(course, due))
        for path, content in contents.items():
            place = made / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content)
        check_kit(course, contents, due)
        if target.suffix == ".zip":
            made = zipped(contents, Path(scratch, "kit.zip"), target.stem)
        shutil.move(made, target)
    return len(contents)


def files(course, due):
    """(path in the kit, bytes) for every file."""
    modules = {course.module(name): name for name in due}
    for path in package_files(course):
        content = path.read_bytes()
        if path in modules:
            content = stubbed(content.decode(), path.name, modules[path]).encode()
        elif path.suffix == ".py":
            content = without_marks(content.decode()).encode()
        yield path.relative_to(course.root), content
    for path in sorted(p for p in (course.root / "exercises").rglob("*") if p.is_file()):
        if not any(part.startswith(".") for part in path.relative_to(course.root).parts):
            yield path.relative_to(course.root), path.read_bytes()
    for name in FILES:
        if (course.root / name).exists():
            yield Path(name), (course.root / name).read_bytes()
    yield Path("pyproject.toml"), students_pyproject((course.root / "pyproject.toml").read_text()).encode()
    yield Path("README.md"), README.read_bytes()


def package_files(course):
    """The package's files; those that git ignores (states of runs, caches) stay at home."""
    listing = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z", "--", "eras"]
    with contextlib.suppress(OSError):
        listed = subprocess.run(listing, cwd=course.root, capture_output=True, text=True)
        if listed.returncode == 0 and listed.stdout:
            return sorted(p for n in listed.stdout.split("\0") if n and (p := course.root / n).is_file())
    found = (course.root / "eras").rglob("*")
    return sorted(p for p in found if p.is_file() and "__pycache__" not in p.parts)


def stubbed(source, where, exercise):
    """A module with its marked regions emptied; importing it still works."""
    stub = f'raise NotImplementedError("exercise {exercise}: this piece is yours to write")'
    source = emptied(source, where, stub) + "\n"
    lines = source.splitlines()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ClassDef):
            for i in [n.lineno - 1 for n in node.body if isinstance(n, ast.Raise)]:
                indent = lines[i][: len(lines[i]) - len(lines[i].lstrip())]
                lines[i] = f"{indent}def __init__(self, *args, **kwargs):\n{indent}    {stub}"
    return "\n".join(lines) + "\n"


def without_marks(source):
    """The source without nbgrader's marks."""
    return "".join(
        line
        for line in source.splitlines(keepends=True)
        if not line.strip().startswith(("### BEGIN", "### END"))
    )


def students_pyproject(text):
    """pyproject.toml without the tables that students have no files for."""
    kept, keep = [], True
    for line in text.splitlines():
        if line.startswith("["):
            keep = not line.strip("[]").startswith(LEFT_OUT)
        if keep and not line.startswith("autograder = ["):
            kept.append(line)
    return "\n".join(kept).strip() + "\n"


def check_kit(course, contents, due):
    """Raise CourseError when the text of a due solution is anywhere in the kit."""
    texts = {path: content.decode(errors="ignore") for path, content in contents.items() if is_text(path)}
    for name in due:
        source = course.module(name).read_text(encoding="utf-8")
        if not regions(source, course.module(name).name):
            raise CourseError(
                f"{course.module(name).name} has no `{BEGIN}`: there is nothing to keep from students."
            )
        answers = [a for a in inside(source, name) if len(a.strip().splitlines()) > 2]
        for path, text in texts.items():
            if any(answer in text for answer in answers):
                raise CourseError(f"{path} holds a solution of the exercise {name}; the kit was not written.")
        definitions(texts[course.module(name).relative_to(course.root)], name)


def is_text(path):
    return path.suffix in (".py", ".ipynb", ".md", ".toml", ".txt", ".json")


def zipped(contents, path, folder):
    """The files in a zip, under one folder; byte for byte the same for the same course."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in sorted(contents.items()):
            info = zipfile.ZipInfo(f"{folder}/{name.as_posix()}", EPOCH)
            info.compress_type, info.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            archive.writestr(info, content)
    return path
