# The Echo Limit. Each target sets up .venv by itself; nothing else is installed by hand.
# Works with GNU make 3.81 and later. Name another Python with: make PYTHON=python3.12 book

SHELL := /bin/sh
PYTHON :=
CHAPTER :=
COURSE := course.toml
SUBMISSIONS :=
PORT := 8000
VENV_PYTHON := .venv/bin/python
ANY_PYTHON := $(shell command -v python3 || command -v python3.13 || command -v python3.12 || command -v python3.11)

# One thread a process: the tests already use both cores, and results do not depend on how sums are split.
ONE_THREAD := OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 MKL_NUM_THREADS=1

.PHONY: help env book check test serve bench pdf assignment grade links pins clean distclean
.NOTPARALLEL:
.DEFAULT_GOAL := help

help:
	@echo "make book       execute every chapter and build _build/html"
	@echo "make test       all checks: make check, make book, the slow tests (kills, several processes,"
	@echo "                sweeps), then the tests of the built book"
	@echo "make check      the fast checks: lint, types, unit and property tests"
	@echo "make serve      show _build/html at http://localhost:$(PORT) (PORT=...)"
	@echo "make bench      measure build times, page weight, live figures and the library, the samplers beside"
	@echo "                other people's (fetched once into _build/peers); prints a table"
	@echo "make pdf        print the built book into _build/the-echo-limit.pdf (needs Chromium or Chrome)"
	@echo "make assignment CHAPTER=04 COURSE=course.toml"
	@echo "                write notebooks for students and instructor, and the autograder, of one chapter"
	@echo "make grade SUBMISSIONS=folder COURSE=course.toml"
	@echo "                grade a folder of notebooks, each in a sandbox of its own (Linux, needs bubblewrap)"
	@echo "make links      look whether the addresses in the book answer (needs the network)"
	@echo "make pins       write requirements.txt anew from requirements.in"
	@echo "make clean      remove _build;  make distclean removes .venv too"
	@echo "Every target sets up .venv when it is missing or out of date. PYTHON=python3.12 names another Python."

env:
	@if [ -z "$(or $(PYTHON),$(ANY_PYTHON))" ]; then \
	  echo "No Python found: the book needs Python 3.11 to 3.13" >&2; exit 2; fi
	@"$(or $(PYTHON),$(ANY_PYTHON))" booktools/environment.py --asked "$(PYTHON)"

book: env
	@$(VENV_PYTHON) -m booktools.build

check: env
	@$(VENV_PYTHON) -m ruff check .
	@$(VENV_PYTHON) -m mypy
	@$(ONE_THREAD) $(VENV_PYTHON) -m pytest -q -n 2 -m "not slow" tests --ignore=tests/book

# The order matters: the tests of the book read what `book` built, and their closing line comes last.
test: check book
	@$(ONE_THREAD) $(VENV_PYTHON) -m pytest -q -n 2 -m slow tests --ignore=tests/book
	@$(ONE_THREAD) $(VENV_PYTHON) -m pytest -q -n 2 --dist loadfile --no-loadscope-reorder tests/book

serve: env
	@test -f _build/html/index.html || { echo "Nothing to serve yet: run make book first" >&2; exit 2; }
	@echo "The book is at http://localhost:$(PORT) (Ctrl-C ends it)"
	@$(VENV_PYTHON) -m http.server $(PORT) --bind 127.0.0.1 --directory _build/html

bench: env
	@$(VENV_PYTHON) -m benchmarks

pdf: env
	@$(VENV_PYTHON) -m booktools.pdf

assignment: env
	@test -n "$(CHAPTER)" || { echo "Say which chapter: make assignment CHAPTER=04 COURSE=course.toml" >&2; exit 2; }
	@$(VENV_PYTHON) -m booktools.coursework assignment "$(CHAPTER)" --course "$(COURSE)"

grade: env
	@test -n "$(SUBMISSIONS)" || \
	  { echo "Say where they are: make grade SUBMISSIONS=folder COURSE=course.toml" >&2; exit 2; }
	@$(ONE_THREAD) $(VENV_PYTHON) -m booktools.coursework grade "$(SUBMISSIONS)" --course "$(COURSE)" \
	  $(if $(CHAPTER),--chapter "$(CHAPTER)")

links: env
	@$(VENV_PYTHON) -m jupyter_book build . --builder linkcheck --path-output _build/links

pins: env
	@$(VENV_PYTHON) -m booktools.pins

clean:
	@rm -rf _build .pytest_cache .mypy_cache .ruff_cache .hypothesis
	@echo "Removed _build and the tools' caches."

distclean: clean
	@rm -rf .venv
	@echo "Removed .venv."
