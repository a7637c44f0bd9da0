PYTHON ?= $(or $(shell command -v python3),$(shell command -v python))
PY := .venv/bin/python

.PHONY: book test test-all takeaway execute serve bench clean

book: .venv/.installed-site  ## the site, in all languages
	@$(PY) -m tools.build

test: .venv/.installed  ## everything that must hold: helpers, every cell, both languages, the site
	@$(PY) -m pytest

test-all: .venv/.installed  ## the same and what finds rot: weekly, and before a release
	@$(PY) -m pytest -m "weekly or not weekly"
	@for tool in $(notdir $(basename $(wildcard tools/weekly/[a-z]*.py))); do $(PY) -m tools.weekly.$$tool || exit 1; done

takeaway: .venv/.installed-takeaway  ## the whole book as PDF and EPUB, linked from the site's start page
	@$(PY) -m tools.takeaway

execute: .venv/.installed  ## run all notebooks again and keep their outputs
	@$(PY) -m tools.execute $(NOTEBOOKS)

serve: .venv/.installed-site  ## look at the site while you write
	@$(PY) -m tools.serve

bench: .venv/.installed  ## lookup, one-hot, gradients, steps: times and page faults, beside a roofline
	@$(PY) -m embedlinear.book.bench

clean:
	rm -rf _build .pytest_cache .hypothesis

.venv/.installed .venv/.installed-site .venv/.installed-takeaway: requirements.txt $(wildcard requirements/*.txt) constraints.txt pyproject.toml
	@test -n "$(PYTHON)" || { echo "embedlinear: Python 3.11 or later is needed, and none was found" >&2; exit 1; }
	@"$(PYTHON)" tools/venv.py $(patsubst .installed-%,%,$(filter-out .installed,$(@F)))
