# `make help` lists what can be asked for.

export PATH := $(PATH):/usr/local/go/bin
export CGO_ENABLED := 1

PREFIX  ?= /usr/local
FUZZTIME ?= 30s
ARGS    ?=

PROGRAMS := $(notdir $(wildcard cmd/z*))

.PHONY: all shell test lab generate bench fuzz install setup clean help

all: setup ## build the programs into bin/ (what plain `make` does)
	@go build -o bin/ ./cmd/...

shell: setup ## the zre shell; flags: make shell ARGS='-i lo'
	@go build -o bin/ ./cmd/zre && bin/zre $(ARGS)

test: ## everything that has to hold; some of it: scripts/test.sh vet unit
	@sh scripts/test.sh

lab: setup ## the end-to-end tests at full size, with 100 MB over slow links
	ZRE_LAB=full go test -count=1 -v -timeout 60m ./test/...

generate: setup ## write the codecs and grammars anew from specs/
	go generate ./...

bench: all ## measure, beside raw libzmq, and write BENCHMARKS.md
	go test -p 1 -run '^$$' -bench . -benchmem ./... >bin/bench.txt || { cat bin/bench.txt; exit 1; }
	bin/zrebench report --go-bench bin/bench.txt

fuzz: setup ## each fuzz test for FUZZTIME (30s)
	@FUZZTIME=$(FUZZTIME) sh scripts/fuzz.sh

install: all ## programs, manual pages, completions into DESTDIR/PREFIX (/usr/local)
	@DESTDIR='$(DESTDIR)' PREFIX='$(PREFIX)' sh scripts/install.sh $(PROGRAMS)

setup:
	@sh scripts/setup.sh

clean: ## remove bin/
	rm -rf bin

help: ## this list
	@sed -n 's/^\([a-z]*\):[^#]*## \(.*\)/\1|\2/p' Makefile | while IFS='|' read -r n d; do printf '  make %-10s %s\n' "$$n" "$$d"; done
