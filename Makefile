# The commands people type. `make` alone lists them.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
RUN := .venv/bin

.DEFAULT_GOAL := help
.PHONY: help course test lab book serve pdf lighthouse release sample kit bench lint clean

help:          ## list the commands
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:[^#]*##/\t/' | expand -t 12

course: .venv/.ready  ## set up, build the book, release the exercises, grade the sample class
	@echo "── the book ──"
	$(RUN)/python book/build.py
	@echo "── the exercises ──"
	$(RUN)/autograder release
	@echo "── the sample class ──"
	$(RUN)/autograder sample
	@echo
	@echo "The book:              _build/html/index.html   (make serve, or open the file)"
	@echo "The exercises:         exercises/               (make lab)"
	@echo "Marks and feedback:    marks.csv, feedback/     (make lab, then Formgrader)"
	@echo "The students' copy:    make kit DUE=\"attention decoding\""

test: .venv/.ready  ## every check: lint, layers, the executed book, exercises, browser
	$(MAKE) --no-print-directory lint
	$(RUN)/python book/build.py
	OMP_NUM_THREADS=1 HF_HUB_OFFLINE=1 $(RUN)/python -m pytest -n 2 --dist loadgroup

lint: .venv/.ready  ## style, spelling and layers
	$(RUN)/ruff check .
	$(RUN)/ruff format --check .
	$(RUN)/python book/lint.py
	$(RUN)/lint-imports
	$(RUN)/codespell

lab: .venv/.ready  ## JupyterLab with the exercises and nbgrader's pages
	$(RUN)/autograder lab

book: .venv/.ready  ## build the book into _build/html
	$(RUN)/python book/build.py

serve: .venv/.ready  ## look at the built book at http://localhost:8000, or PORT=…
	@$(RUN)/python book/serve.py $(PORT)

pdf: .venv/.ready  ## the built book as one PDF, _build/from-rules-to-llms.pdf
	$(RUN)/python book/pdf.py

lighthouse: .venv/.ready  ## Lighthouse on every page of the built book (needs npm's registry once; minutes)
	$(RUN)/python tests/lighthouse/run.py

release: .venv/.ready  ## copy the package's pieces into solutions/, make exercises/ from them
	$(RUN)/autograder weave
	$(RUN)/autograder release

sample: .venv/.ready  ## grade the sample class
	$(RUN)/autograder sample

kit: .venv/.ready  ## the students' copy of the course: kit.zip, DUE="attention …" names what is still due
	rm -f kit.zip
	$(RUN)/autograder kit kit.zip --due $(DUE)

bench: .venv/.ready  ## speed, as ratios measured side by side
	@for script in tests/bench/bench_*.py; do echo "── $$script ──"; $(RUN)/python $$script || exit 1; done

clean:         ## remove what was built, keep marks and submissions
	rm -rf _build kit.zip

.venv/.ready: pyproject.toml constraints.txt
	@test -n "$(PYTHON)" || { echo "No python3.11 found: install Python 3.11 or call make PYTHON=/path/to/it"; exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' || \
	  { echo "This course is pinned to Python 3.11; $(PYTHON) is another. Call make PYTHON=python3.11"; exit 1; }
	"$(PYTHON)" -m venv .venv
	$(RUN)/python -m pip install --disable-pip-version-check --no-warn-script-location --use-pep517 \
	  -c constraints.txt -e '.[oracles,class,cluster,book,test]'
	@touch $@
