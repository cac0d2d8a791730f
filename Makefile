# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
export ANSIBLE_CONFIG := $(CURDIR)/ansible.cfg
RUN := PATH="$(CURDIR)/.venv/bin:$$PATH"

.PHONY: help
help: ## show this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | while IFS="$$(printf '\t')" read -r name does; \
		do printf '  make %-11s %s\n' "$$name" "$$does"; done

# One stamp a list, so that a second run sets nothing up again.
.venv/facts.installed: requirements/facts.txt scripts/setup
	@scripts/setup facts

.venv/test.installed: requirements/test.txt .venv/facts.installed
	@scripts/setup test

# A moved or copied checkout carries an environment whose scripts point elsewhere.
ifneq ($(shell cat .venv/made-for 2>/dev/null),$(realpath .))
.PHONY: anew
.venv/facts.installed: anew
endif

.PHONY: facts
facts: .venv/facts.installed ## where this host's memory went, as a page
	@.venv/bin/oomwatch facts || test $$? -eq 1 # findings are no failure of make

.PHONY: test test-all
test: .venv/test.installed ## the short check: all that is deterministic, and one proof by a real kernel
test-all: .venv/test.installed ## every test there is, as root; called again it goes on where it stopped
.PHONY: lint unit targets sanity setters proof live lab fleet-test bench-check
lint: .venv/test.installed ## format, imports, licences, documentation, build and install
unit: .venv/test.installed ## unit tests on this Python
targets: .venv/test.installed ## unit tests of what goes to targets, on every Python from 3.6 up that is installed
sanity: .venv/test.installed ## ansible-test on the oldest and the newest ansible-core, and the same answer from both
setters: .venv/test.installed ## the modules that change hosts, on processes and mounts of the test's own; needs root
proof: .venv/test.installed ## whom a floored kernel kills, in a kernel that runs as a process
live: .venv/test.installed ## plant memory on this host and find it; needs root
lab: .venv/test.installed ## the same on other kernels, booted as processes
fleet-test: .venv/test.installed ## playbooks against four hosts with systemd and sshd, each a kernel of its own; root
bench-check: .venv/test.installed ## whether the benchmark measures what it says, with tiny sizes
test test-all lint unit targets sanity setters proof live lab fleet-test bench-check:
	@$(RUN) python -m scripts.tally $@

.PHONY: fleet fleet-down
fleet: .venv/test.installed ## start such hosts to play with; says what to type
	@$(RUN) python -m tests.fleet up

fleet-down: ## remove every trace of them
	@$(RUN) python3 -m tests.fleet down

KERNEL ?= 6.1-uml
.PHONY: experiment
experiment: .venv/facts.installed ## who dies when memory runs out, said before and seen in a kernel of its own; KERNEL=…
	@.venv/bin/python -m tests.lab.experiment $(KERNEL)

.PHONY: format
format: .venv/test.installed ## let ruff format and sort what it can
	@$(RUN) ruff check --quiet --fix-only
	@$(RUN) ruff format --quiet

.PHONY: bench
bench: .venv/test.installed ## what it costs, as ratios to simpler tools; ROW=… for one row
	@$(RUN) python -m tests.bench $(ROW)

.PHONY: build
build: .venv/facts.installed ## the collection's archive, in build/
	@$(RUN) ansible-galaxy collection build --force --output-path build

.PHONY: clean
clean: ## remove what was made in the checkout; caches outside stay
	rm -rf .venv build tests/output .ansible .hypothesis .import_linter_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
