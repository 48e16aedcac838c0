"""The command `autograder`: one verb a file."""

import argparse
import sys
from pathlib import Path

from autograder.course import Course, CourseError


def main(arguments=None):
    """Run one verb; returns the exit code. A CourseError is one line on stderr and exit code 1."""
    command = parser()
    options, rest = command.parse_known_args(arguments)
    if rest and options.verb != "lab":
        command.error(f"unrecognized arguments: {' '.join(rest)}")
    options.rest = rest
    try:
        return options.run(Course.at(options.course), options) or 0
    except CourseError as error:
        print(f"autograder {options.verb}: {error}", file=sys.stderr)
    except OSError as error:
        print(
            f"autograder {options.verb}: {error.filename or ''}: {error.strerror or error}", file=sys.stderr
        )
    except KeyboardInterrupt:
        print(f"autograder {options.verb}: interrupted.", file=sys.stderr)
    return 1


def parser():
    """The command line."""
    top = argparse.ArgumentParser(prog="autograder", description="Release, grade and return exercises.")
    top.add_argument(
        "--course", default=Path.cwd(), metavar="FOLDER", help="the course (default: this folder)"
    )
    verbs = top.add_subparsers(dest="verb", required=True, metavar="VERB")
    for name, (run, text) in VERBS.items():
        verb = verbs.add_parser(name, help=text, description=text)
        verb.set_defaults(run=run)
        add_arguments(verb, name)
    return top


def add_arguments(verb, name):
    """What a verb takes: a target and what is still due, or names of exercises; lab passes everything on."""
    if name == "kit":
        verb.add_argument("target", metavar="DIR-or-ZIP", help="a new folder, or a .zip")
        verb.add_argument(
            "--due", nargs="*", default=[], metavar="NAME", help="exercises whose pieces become stubs"
        )
    elif name in ("weave", "release", "sample"):
        verb.add_argument("names", nargs="*", metavar="NAME", help="exercises (default: all)")
    elif name == "grade":
        grade_arguments(verb)
    elif name == "collect":
        verb.add_argument("assignment", metavar="ASSIGNMENT", help="the exercise")
        verb.add_argument(
            "paths", nargs="+", metavar="PATH", help="notebooks, folders, zip files, a bulk download"
        )
        verb.add_argument("--roster", metavar="FILE", help="CSV with id, name, canvas id, moodle id, e-mail")
    elif name == "export":
        export_arguments(verb)
    elif name == "report":
        verb.add_argument("name", metavar="ASSIGNMENT", help="the exercise")


def export_arguments(verb):
    """What export takes: a format, a file, exercises, and a file to fill in."""
    verb.add_argument("form", choices=("csv", "canvas", "moodle", "json"), help="the format")
    verb.add_argument("path", metavar="FILE", help="where to write")
    verb.add_argument("names", nargs="*", metavar="NAME", help="exercises (default: all)")
    verb.add_argument("--like", metavar="FILE", help="the file that Canvas or Moodle exported, to fill in")


def grade_arguments(verb):
    """The options of `autograder grade`."""
    verb.add_argument("name", metavar="ASSIGNMENT", help="the exercise")
    verb.add_argument(
        "-j", "--jobs", type=count, default=2, metavar="N", help="submissions at a time (default: 2)"
    )
    verb.add_argument(
        "--student", action="append", default=[], metavar="ID", help="only this student (may be repeated)"
    )
    verb.add_argument("--force", action="store_true", help="run everything again, kept results or not")
    verb.add_argument(
        "--explain", metavar="ID", help="say why a student's mark is what it is; grades nothing"
    )
    verb.add_argument("--unsafe", action="store_true", help="without isolation; recorded with every mark")
    verb.add_argument("--db", metavar="URL", help="another data base, such as postgresql://…")
    verb.add_argument("--scheduler", metavar="ADDRESS", help="a Dask scheduler whose workers grade")


def count(text):
    """A number of at least 1."""
    if not text.isdecimal() or not 1 <= int(text) <= 256:
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 1 to 256")
    return int(text)


def run_weave(course, options):
    from autograder.weave import weave

    tell(weave(course, options.names), course.source, course.root)


def run_release(course, options):
    from autograder.release import release

    tell(release(course, options.names), course.released, course.root)


def run_kit(course, options):
    from autograder.kit import kit

    count = kit(course, options.target, options.due)
    print(f"{options.target}: {count} files; still due: {', '.join(options.due) or 'nothing'}.")


def run_sample(course, options):
    from autograder.sample import sample

    sample(course, options.names)


def run_grade(course, options):
    from autograder.grade import run_grade

    return run_grade(course, options)


def run_collect(course, options):
    from autograder.collect import run_collect

    return run_collect(course, options)


def run_export(course, options):
    from autograder.export import export

    lines = export(course, options.form, options.path, options.like, options.names, options.db)
    print(*lines, f"{options.path}: written.", sep="\n")
    return 1 if lines else 0


def run_report(course, options):
    from autograder.report import write_report

    print(write_report(course, options.name))


def run_lab(course, options):
    from autograder.lab import lab

    return lab(course, options.rest)


def tell(results, path, root):
    """One line for each exercise: what was done to which file."""
    for name, changed in results:
        print(f"{'wrote' if changed else 'up to date:'} {path(name).relative_to(root)}")


VERBS = {
    "weave": (run_weave, "copy the package's pieces into solutions/"),
    "release": (run_release, "make exercises/ from solutions/ with nbgrader"),
    "kit": (run_kit, "make the students' copy of the course"),
    "collect": (run_collect, "take in what was handed in: notebooks, folders, zip files, a bulk download"),
    "grade": (run_grade, "grade one assignment: isolated, in parallel, what has not changed is kept"),
    "report": (run_report, "write the class report of a graded assignment"),
    "export": (run_export, "write the marks for a spreadsheet, Canvas, Moodle or a program"),
    "sample": (run_sample, "grade a sample class: gradebook, feedback, reports, marks.csv"),
    "lab": (run_lab, "open JupyterLab, ready for the exercises; its own options are passed on"),
}

if __name__ == "__main__":
    sys.exit(main())
