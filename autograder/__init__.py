"""Release, grade and return exercises: a small package on top of nbgrader."""
