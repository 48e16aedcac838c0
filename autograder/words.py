"""Words that a result may only show if no hidden test stands behind them.

What a student's code says after a hidden test has run could quote it: in an exception, a returned text, a name.
The tester withholds all of it (autograder.tester). Of a submission that failed there, the grader runs the
notebook again without its hidden tests and takes the words from that run; the marks always come from the first.
"""


def told(results, job, run):
    """The results of a job with the words that were withheld, from a second run where some of them matter."""
    withheld = {name for name, result in results.items() if result.pop("withheld", False)}
    if all(results[name]["status"] == "passed" for name in withheld):
        return results
    open_cells = [cell for cell in job["cells"] if not cell["hidden"]]
    again = run({**job, "cells": open_cells})
    for name in withheld & set(again):
        if again[name]["status"] == results[name]["status"]:
            results[name] |= {key: again[name][key] for key in ("message", "trace", "outputs")}
    return results
