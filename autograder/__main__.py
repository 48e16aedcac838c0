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
    elif name != "lab":
        verb.add_argument("names", nargs="*", metavar="NAME", help="exercises (default: all)")


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
    "sample": (run_sample, "grade a sample class with nbgrader: gradebook, feedback, marks.csv"),
    "lab": (run_lab, "open JupyterLab, ready for the exercises; its own options are passed on"),
}

if __name__ == "__main__":
    sys.exit(main())
