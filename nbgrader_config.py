"""nbgrader's settings: `solutions/` is the source, `exercises/` the release, all else lies beside them.

The data base and the exchange are made on first use. Set NBGRADER_EXCHANGE to use a shared exchange folder.
"""

import os
import sys
from pathlib import Path

root = Path(__file__).resolve().parent
exchange = Path(os.environ.get("NBGRADER_EXCHANGE", root / "exchange"))

c = get_config()  # noqa: F821  defined by traitlets

c.CourseDirectory.course_id = "from-rules-to-llms"
c.CourseDirectory.root = str(root)
c.CourseDirectory.source_directory = "solutions"
c.CourseDirectory.release_directory = "exercises"
c.CourseDirectory.db_url = f"sqlite:///{root / 'gradebook.db'}"

c.Exchange.root = str(exchange)
c.Exchange.path_includes_course = True

# nbgrader calls alembic by name when it makes its data base; the environment need not be activated.
os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])

# A cell may take two minutes; the tests count operations and never look at a clock.
c.Execute.timeout = 120
c.Execute.startup_timeout = 120

# `nbgrader autograde` and Formgrader's button run student code in isolation, as `autograder grade` does.
# The one line below is all there is to it. AUTOGRADER_STOCK=1 in the environment: as nbgrader does, as you.
if os.environ.get("AUTOGRADER_STOCK") != "1":
    c.Autograde.autograde_preprocessors = ["autograder.plugin.Isolated"]

# Feedback pages ask no other host for anything, and keep hidden tests hidden.
c.GenerateFeedback.exporter_class = "autograder.feedback.FeedbackExporter"

if not exchange.exists() and os.access(exchange.parent, os.W_OK):
    exchange.mkdir()
    exchange.chmod(0o777)  # everybody hands in here
