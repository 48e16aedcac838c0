"""The course folder: where each thing of an exercise lies, and the one kind of error all verbs report."""

import os
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path

COURSE = "from-rules-to-llms"  # its id in nbgrader
POINTS = 100
NO_ERAS = ("data", "figures", "ladder")  # rooms of the package that hold no pieces of exercises


class CourseError(Exception):
    """Something the instructor can put right; its text is one line that says what and where."""


@dataclass(frozen=True)
class Course:
    """Paths below the course's root, by the name of the exercise."""

    root: Path

    @classmethod
    def at(cls, root):
        """The course at `root`; raises CourseError when there is no course."""
        root = Path(root).resolve()
        if not (root / "solutions").is_dir():
            raise CourseError(f"{root} is not a course: it has no folder `solutions`. Use --course FOLDER.")
        return cls(root)

    def source(self, name):
        """The instructor's notebook, with solutions and hidden tests."""
        return self.root / "solutions" / name / f"{name}.ipynb"

    def released(self, name):
        """The students' notebook."""
        return self.root / "exercises" / name / f"{name}.ipynb"

    def exercises(self):
        """Names of all exercises, in alphabetical order."""
        return sorted(
            p.parent.name for p in (self.root / "solutions").glob("*/*.ipynb") if p.stem == p.parent.name
        )

    def chosen(self, names):
        """`names`, or all exercises when there are none; raises CourseError for an unknown name."""
        known = self.exercises()
        if unknown := [name for name in names if name not in known]:
            raise CourseError(
                f"no exercise is called {unknown[0]!r}; there are: {', '.join(known) or 'none yet'}."
            )
        return list(dict.fromkeys(names)) or known

    def not_before(self, name):
        """`name` and the exercises that come later in the book: their pieces may still be due."""
        toc = self.root / "_toc.yml"
        order = (
            re.findall(r"file:\s*\S*?(\w+)\s*$", toc.read_text(encoding="utf-8"), re.M)
            if toc.exists()
            else []
        )
        place = {exercise: i for i, exercise in enumerate(order)}
        last = len(order)
        return [e for e in self.exercises() if e == name or place.get(e, last) > place.get(name, last)]

    def module(self, name):
        """The package's module of the same name; raises CourseError unless there is exactly one."""
        modules = sorted((self.root / "eras").rglob(f"{name}.py"))
        found = [path for path in modules if path.parent.name not in NO_ERAS]
        if len(found) != 1:
            where = ", ".join(str(p.relative_to(self.root)) for p in found) or "none"
            raise CourseError(f"{name}: expected one module eras/**/{name}.py, found {where}.")
        return found[0]


def read_notebook(path):
    """A valid notebook (nbformat 4); raises CourseError when the file is missing or is not one."""
    import nbformat  # here, as it takes two seconds, and the warm servers read no notebooks

    try:
        notebook = nbformat.read(path, as_version=4)
        nbformat.validate(notebook)
    except FileNotFoundError:
        raise CourseError(f"{path}: there is no such notebook.") from None
    except Exception as error:
        reason = str(error).strip().splitlines()[:1] or [type(error).__name__]
        raise CourseError(f"{path}: not a valid notebook ({reason[0]}).") from None
    return notebook


def write_text(path, text):
    """Replace the file at once, so that a failure loses nothing; True when the text has changed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists() and path.read_text(encoding="utf-8") == text:
        return False
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise
    return True
