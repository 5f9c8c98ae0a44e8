# From a bare clone to a running demo or a checked tree: needs make, a Python of 3.11 to 3.13, and a package index.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

UV_VERSION := 0.13.9
BIN := .venv/bin
# The first Python that is new enough and really starts (a version manager's shim may not).
find_python = for python in $${PYTHON:-} python3.11 python3.12 python3.13 python3; do \
	if "$$python" -c 'import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' \
	>/dev/null 2>&1; then echo "$$python"; break; fi; done

.PHONY: help demo up app test lint types imports page browser pooler tests clean

help:
	@echo "make demo   a company's data in a fresh installation, then where to look"
	@echo "make up     AutonomOS in the foreground"
	@echo "make app    the app's pages, built"
	@echo "make test   every check and test"
	@echo "make clean  remove .venv and what tools left behind"

demo: .venv/installed app
	@$(BIN)/aos demo

up: .venv/installed app
	@$(BIN)/aos up

test: lint types imports page tests

lint: .venv/installed
	$(BIN)/ruff check .

types: .venv/installed
	$(BIN)/mypy

imports: .venv/installed
	$(BIN)/lint-imports

page: frontend/node_modules/.package-lock.json
	frontend/npm run check

tests: .venv/installed app browser pooler
	$(BIN)/pytest

# The app: what it is built with when the lock changed, its pages when any of its sources did.
app: frontend/dist/index.html

frontend/node_modules/.package-lock.json: frontend/package-lock.json .venv/installed
	@frontend/npm ci --no-audit --no-fund --loglevel=error
	@touch $@

frontend/dist/index.html: frontend/node_modules/.package-lock.json frontend/index.html frontend/openapi.json frontend/vite.config.ts $(shell find frontend/src frontend/public -type f 2>/dev/null)
	@frontend/npm run --silent build
	@touch $@

# The pages are tested in a real browser: Debian's, installed where this user may.
browser:
	@command -v chromium >/dev/null || command -v chromium-browser >/dev/null || { \
		if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
			apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium >/dev/null; \
		else echo "The pages are tested in Chromium, which is not here. Install it (on Debian: apt-get install chromium)." >&2; exit 1; fi; }

# What must work behind a pooler is tested behind one: Debian's PgBouncer.
pooler:
	@command -v pgbouncer >/dev/null || [ -x /usr/sbin/pgbouncer ] || { \
		if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
			apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends pgbouncer >/dev/null; \
		else echo "Pooled connections are tested behind PgBouncer, which is not here. Install it (on Debian: apt-get install pgbouncer)." >&2; exit 1; fi; }

.PHONY: .venv
.venv: .venv/installed

# Compiled at once: a process of ours imports thousands of modules, and some machines forbid writing what they compile.
# Stamps: the interpreter and uv once, the packages when the lock changed, ourselves when pyproject.toml did.
# uv is kept beside the packages: the sync removes what is not locked, uv and pip with it.
UV := .venv/uv-$(UV_VERSION)

$(UV):
	@python="$$($(find_python))"; \
	if [ -z "$$python" ]; then \
		echo "No Python 3.11, 3.12 or 3.13 with venv was found. Install one (on Debian: python3-venv too)," >&2; \
		echo "or name it: make PYTHON=/path/to/python3.11" >&2; exit 1; fi; \
	"$$python" -m venv --clear .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check "uv==$(UV_VERSION)"
	@cp $(BIN)/uv $@

.venv/locked: requirements.lock $(UV)
	@VIRTUAL_ENV="$$PWD/.venv" $(UV) pip sync --compile-bytecode --require-hashes requirements.lock
	@touch $@

.venv/installed: pyproject.toml .venv/locked
	@VIRTUAL_ENV="$$PWD/.venv" $(UV) pip install --quiet --no-deps --no-build-isolation -e .
	@touch $@

clean:
	rm -rf .venv frontend/node_modules frontend/dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache dbt_project/target dbt_project/logs
