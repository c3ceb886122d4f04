# The Makefile only makes the environment and calls the program `course`, which holds the verbs (`course --help`).
# PORT=8899 and NO_BROWSER=1 reach `course lab` and `course demo` through the environment.

COURSE := .venv/bin/python -m utils.cli

.PHONY: help environment lab demo grade soak bench test

help:
	@echo "make lab    set everything up, write your copies into learn/, open JupyterLab on them"
	@echo "            (NO_BROWSER=1 prints the address and keeps serving; PORT=8899 chooses the port)"
	@echo "make demo   set everything up and open the gallery of the demos (NO_BROWSER=1 and PORT=8899 as above)"
	@echo "make grade SUBMISSIONS=FOLDER [OUT=graded] [OPTIONS=--resume]"
	@echo "            grade a class: STUDENT/WEEK/NOTEBOOK.ipynb below FOLDER (course grade --help)"
	@echo "make soak   grade 1000 simulated submissions on a cluster whose workers are killed; N=60 takes minutes"
	@echo "make bench [GROUPS='conv nms'] [OPTIONS='--json FILE']"
	@echo "            measure speed beside peers on a machine that does nothing else (benchmarks/README.md)"
	@echo "make test   set everything up and run every test"

environment:
	@scripts/environment.sh

lab: environment
	@$(COURSE) lab

demo: environment
	@$(COURSE) demo

grade: environment
	@test -n "$(SUBMISSIONS)" || { echo "Say which folder: make grade SUBMISSIONS=FOLDER" >&2; exit 1; }
	@$(COURSE) grade "$(SUBMISSIONS)" --out "$(or $(OUT),graded)" $(OPTIONS)

soak: environment
	@.venv/bin/python scripts/soak.py $(or $(N),1000) $(if $(LOG),--log "$(LOG)")

bench: environment
	@$(COURSE) bench $(GROUPS) $(OPTIONS)

test: environment
	@$(COURSE) test
