"""The feedback page: nbgrader's own, without requests to other hosts and without the text of hidden tests."""

import copy
from pathlib import Path

import nbgrader
from nbconvert.exporters import HTMLExporter
from traitlets import default

OURS = Path(__file__).parent / "templates"
THEIRS = Path(nbgrader.__file__).parent / "server_extensions" / "formgrader" / "templates"
HIDDEN = "# Hidden tests. What they found, if anything, stands below."


class FeedbackExporter(HTMLExporter):
    """nbgrader's feedback page from our template."""

    @default("template_name")
    def _template_name_default(self):
        return "course_feedback"

    def __init__(self, **kwargs):
        config = kwargs["config"] = copy.deepcopy(kwargs.get("config") or kwargs["parent"].config)
        config.FeedbackExporter.template_name = "course_feedback"
        config.FeedbackExporter.extra_template_basedirs = [str(OURS), str(THEIRS)]
        super().__init__(**kwargs)

    def from_notebook_node(self, nb, resources=None, **kwargs):
        """The page of one notebook; hidden tests show what they say, not what they are."""
        nb = copy.deepcopy(nb)
        for cell in nb.cells:
            if cell.metadata.get("nbgrader", {}).get("grade_id", "").endswith("-hidden"):
                hide(cell)
        return super().from_notebook_node(nb, resources=resources, **kwargs)


def hide(cell):
    """Replace the source of a test cell, and tracebacks (which quote it) by the error's own text."""
    cell.source = HIDDEN
    for output in cell.get("outputs", []):
        if output.output_type == "error":
            output.traceback = [f"{output.ename}: {output.evalue}"]
