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

# One stamp file per list of requirements, so that a second run installs nothing again.
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
facts: .venv/facts.installed ## show where this host's memory went
	@.venv/bin/oomwatch facts || test $$? -eq 1 # findings are no failure of make

.PHONY: test test-all
test: .venv/test.installed ## the short check: all deterministic tests, and one proof on a real kernel
test-all: .venv/test.installed ## every test, as root; a second call continues where the first stopped
.PHONY: lint unit targets sanity setters proof live lab fleet-test cluster bench-check
lint: .venv/test.installed ## format, imports, licences, documentation, build and install
unit: .venv/test.installed ## unit tests on this Python
targets: .venv/test.installed ## unit tests of the code that runs on managed hosts, on every installed Python from 3.6 up
sanity: .venv/test.installed ## ansible-test and a comparison of results on the oldest and the newest ansible-core
setters: .venv/test.installed ## test the modules that change hosts, on processes and mounts that the tests make; needs root
proof: .venv/test.installed ## predict and watch the kills of a floored kernel that runs as a process
live: .venv/test.installed ## allocate memory on this host and find it; needs root
lab: .venv/test.installed ## the same on other kernels, which run as processes
fleet-test: .venv/test.installed ## playbooks on four hosts with systemd and sshd, each with its own kernel; needs root
cluster: .venv/test.installed ## the agent with a real kube-apiserver, kubelet and containerd; needs root
bench-check: .venv/test.installed ## test the benchmark itself, with tiny sizes
test test-all lint unit targets sanity setters proof live lab fleet-test cluster bench-check:
	@$(RUN) python -m scripts.tally $@

.PHONY: fleet fleet-down
fleet: .venv/test.installed ## start four such hosts to try things on; prints the next commands
	@$(RUN) python -m tests.fleet up

fleet-down: ## stop these hosts and remove everything that belongs to them
	@$(RUN) python3 -m tests.fleet down

KERNEL ?= 6.1-uml
.PHONY: experiment
experiment: .venv/facts.installed ## predict the order of OOM kills and watch it in a separate kernel; KERNEL=…
	@.venv/bin/python -m tests.lab.experiment $(KERNEL)

.PHONY: format
format: .venv/test.installed ## format the code and sort the imports with ruff
	@$(RUN) ruff check --quiet --fix-only
	@$(RUN) ruff format --quiet

.PHONY: bench
bench: .venv/test.installed ## measure the costs, as ratios to simpler tools; ROW=… for one row
	@$(RUN) python -m tests.bench $(ROW)

.PHONY: build
build: .venv/facts.installed ## build the archive of the collection in build/
	@$(RUN) ansible-galaxy collection build --force --output-path build

.PHONY: clean
clean: ## remove everything that was made in the checkout; keep caches outside
	rm -rf .venv build tests/output .ansible .hypothesis .import_linter_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
