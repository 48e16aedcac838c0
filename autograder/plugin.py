"""For those who keep `nbgrader autograde` and Formgrader's button: the isolated executor in nbgrader's pipeline.

One line in nbgrader_config.py: `c.Autograde.autograde_preprocessors = ["autograder.plugin.Isolated"]`.

`Isolated` takes the place of all that nbgrader does after it has cleaned a submission: it has the cells run as
`autograder grade` does (intake, isolation, kept results, a warm engine that stays for the process), then lets
nbgrader's own preprocessors save the marks. They are those of `autograder grade`.

What comes before is nbgrader's, and so are its weaknesses. It opens and copies what was handed in and follows
symbolic links; a notebook that it cannot clean (no valid JSON, another file name) gets an error and no marks; it
believes timestamp.txt. Late penalties are nbgrader's, for the latest attempt only: policy.toml does not count.
`autograder grade` has none of these weaknesses.
"""

import functools

from nbconvert.preprocessors import Preprocessor
from nbgrader.preprocessors import AssignLatePenalties, CheckCellMetadata, IgnorePattern, LimitOutput
from traitlets import Bool, List

from autograder import intake
from autograder.assignment import executed
from autograder.course import Course
from autograder.grade import Grading
from autograder.gradebook import SaveMarks
from autograder.keeper import Keeper
from autograder.pool import start_engine
from autograder.rebuild import assembled, exercise


class Isolated(Preprocessor):
    """Runs a submission in isolation, then has nbgrader's own preprocessors save its marks."""

    enabled = Bool(True).tag(config=True)
    afterwards = List(
        [IgnorePattern, LimitOutput, SaveMarks, AssignLatePenalties, CheckCellMetadata],
        help="preprocessors for the executed notebook.",
    ).tag(config=True)

    def preprocess(self, nb, resources):
        """The executed notebook in place of `nb`; nbgrader reports a CourseError as this submission's."""
        about, converter = resources["nbgrader"], self.parent.parent
        nb = self.graded(Course.at(converter.coursedir.root), about["assignment"], about["student"])
        for step in self.afterwards:
            nb, resources = step(parent=self.parent)(nb, resources)
        return nb, resources

    def graded(self, course, name, student):
        """The notebook with its outputs; of a submission that cannot be read, one without any answer."""
        grading = Grading(course, name)
        [(_, attempts)] = intake.submissions(course, name, [student])
        _, notebook, record, _ = grading.outcome(functools.partial(run, grading), student, attempts)
        for line in record["problems"]:
            self.log.warning("%s, %s: %s", student, name, line)
        return notebook or executed(assembled(exercise(course, name), {}, {}), {})


@functools.cache
def keeper():
    return Keeper()


def run(grading, job):
    """Run a job on this process's engine for the assignment as it is now."""
    key = (grading.course.root, grading.name, grading.assignment.surroundings)
    with keeper().use(key, lambda: start_engine(grading)) as engine:
        return engine.run(job)
