# make run: set up what is missing and serve, with demonstration data; while it serves, time does its part every
# minute (flask tick). make test: set up and run every test. make test-databases: what touches a database, pages
# included, on SQLite and on PostgreSQL (a quarter of an hour).
# make approve: keep the three packets that are looked at as they print now (tests/packet/approved, docs/pages).
# make bench: print the speeds. make coverage: every branch of the clinical core. make mutation: small wrongs put into
# the core one at a time, which the tests must notice (half an hour; docs/mutation.md). make machine: twenty thousand acts
# by everybody on either database, looked at one by one (a quarter of an hour). make proofs: the long forms of the proofs of
# trust, one after another (contention, kills, tampering, fuzz, hostile-files, crawl, drill), and by themselves make load, make
# soak and make wapiti; each writes what it found to docs/proofs. make release: what an installation needs of what stands
# here, as an archive: without tests, demonstration and what they need. Each can be typed again and again; nothing that
# is there is made anew.

HOST ?= 127.0.0.1
PORT ?= 8000
PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
PIP = .venv/bin/python -m pip --disable-pip-version-check --no-input install -qq --require-hashes

.PHONY: run test test-databases approve bench coverage mutation machine tools \
	proofs contention kills tampering fuzz hostile-files crawl drill load soak wapiti release
.DEFAULT_GOAL := run

run: .venv/run.stamp
	@.ci/packages run
	@.venv/bin/flask setup --demo
	@echo
	@echo "Pons answers at http://$(HOST):$(PORT) (Ctrl+C ends it)"
	@.venv/bin/flask tick --every 60 & \
		exec .venv/bin/gunicorn --no-control-socket --log-level warning --bind $(HOST):$(PORT) "app:create_app()"

test: .venv/test.stamp
	@.ci/packages test
	@.venv/bin/python -m pytest -n 2 --database=both --junitxml=.results.xml

test-databases: .venv/test.stamp
	@.ci/packages test
	@.venv/bin/python -m pytest tests/actions tests/deployment tests/house tests/retention tests/web tests/demo -n 2 --database=everywhere

approve: .venv/test.stamp
	@.ci/packages test
	@APPROVE=1 .venv/bin/python -m pytest -q tests/packet/test_approved.py
	@.venv/bin/python -m tests.journeys.paper_pages

bench: .venv/test.stamp
	@.ci/packages run
	@.venv/bin/python -m tests.bench

coverage: .venv/test.stamp
	@.venv/bin/python -m pytest tests/core --ignore-glob='*test_properties*' --cov --cov-report=term-missing:skip-covered \
		--deselect tests/core/test_calendar.py::test_between_the_dates_nothing_changes_and_at_them_it_does \
		--deselect tests/core/test_decides.py::test_no_fact_of_a_deciding_set_is_spare

mutation: .venv/test.stamp
	@.venv/bin/python -m tests.mutation

STEPS ?= 20000
machine: .venv/test.stamp
	@.ci/packages test
	@MACHINE_STEPS=$(STEPS) .venv/bin/python -m pytest tests/machine -n 2 --database=both

proofs: contention kills tampering fuzz hostile-files crawl drill

contention kills tampering fuzz hostile-files crawl drill: .venv/test.stamp
	@.ci/packages test
	@PROOFS=long .venv/bin/python -m pytest --database=both $(PROOF_$@)
PROOF_contention = tests/proofs/test_contention.py
PROOF_kills = tests/proofs/test_kills.py tests/proofs/test_killed_migrations.py
PROOF_tampering = tests/house/test_trail.py
PROOF_fuzz = tests/proofs/test_fuzz.py
PROOF_hostile-files = tests/proofs/test_hostile_files.py
PROOF_drill = tests/proofs/test_drill.py tests/proofs/test_point_in_time.py
PROOF_crawl = tests/proofs/test_crawl.py

STORE ?= sqlite
SECONDS ?= 600
PEOPLE ?= 200
load: .venv/test.stamp
	@.ci/packages test
	@.venv/bin/python -m tests.proofs.load --store $(STORE) --people $(PEOPLE) --seconds $(SECONDS) --write

soak: .venv/test.stamp
	@.ci/packages test
	@.venv/bin/python -m tests.proofs.load --store $(STORE) --people 50 --seconds 7200 --soak --write

wapiti: .venv/test.stamp .wapiti/stamp
	@.venv/bin/python -m tests.proofs.wapiti --program .wapiti/bin/wapiti --write

.wapiti/stamp:
	@"$(PYTHON)" -m venv .wapiti
	@.wapiti/bin/python -m pip --disable-pip-version-check --no-input install -qq wapiti3==3.2.3
	@touch $@

VERSION := $(shell sed -n 's/^version = "\(.*\)"$$/\1/p' pyproject.toml)
RELEASED = .flaskenv LICENSE app.py deploy docs forms gunicorn.conf.py migrations pyproject.toml referral requirements.txt \
	static templates
NOT_RELEASED = __pycache__ docs/mutation.md docs/pages docs/proofs docs/screenshots referral/demo
ARCHIVE ?= pons-$(VERSION).tar.gz
release:
	@tar --create --gzip --file="$(ARCHIVE)" --sort=name --owner=0 --group=0 --numeric-owner \
		--transform='s,^,pons-$(VERSION)/,' $(NOT_RELEASED:%=--exclude=%) $(RELEASED)
	@sha256sum "$(ARCHIVE)"

tools: .venv/test.stamp
	@.ci/packages run

.venv/bin/python:
	@test -n "$(PYTHON)" || { echo "Pons needs Python 3.11 or newer: sudo apt-get install -y python3 python3-venv"; exit 1; }
	@.ci/packages python "$(PYTHON)"
	@echo "Setting up; the first time takes a few minutes ..."
	@"$(PYTHON)" -m venv .venv

.venv/run.stamp: requirements.txt | .venv/bin/python
	@$(PIP) -r requirements.txt
	@touch $@

.venv/test.stamp: requirements.txt tests/requirements.txt | .venv/bin/python
	@$(PIP) -r tests/requirements.txt
	@touch $@ .venv/run.stamp
