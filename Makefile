# `make help` lists the targets. GNU make, Go and git are all that is needed.

export PATH := $(PATH):/usr/local/go/bin

PREFIX   ?= /usr/local
FUZZTIME ?= 30s
ARGS     ?=
HOURS    ?= 0.5
SYSTEMS  ?=

PROGRAMS := $(notdir $(wildcard cmd/z*))

# What --version says: the version, the commit and its date.
stamp = -X github.com/gozre/zre/cmd/internal/cli.stamp=$(shell sh scripts/stamp.sh | tr ' ' ,)

# The programs need no C and no file of this machine: they run on any machine with this system.
build = CGO_ENABLED=0 go build -trimpath -ldflags '$(stamp)' -o bin/

.PHONY: all shell test test-libzmq test-arm64 cross lab generate bench fuzz install uninstall
.PHONY: attack e2e soak check dist test-dist setup clean help

all: setup ## build the programs into bin/ (what plain `make` does)
	@$(build) ./cmd/...

shell: setup ## the zre shell; flags: make shell ARGS='-i lo'
	@$(build) ./cmd/zre && bin/zre $(ARGS)

test: ## everything that has to hold; SETUP=no installs nothing
	@sh scripts/test.sh

test-libzmq: ## of these, the tests over libzmq
	@sh scripts/test.sh libzmq

test-arm64: ## the library's unit tests on arm64, with qemu-user
	@sh scripts/test.sh arm64

cross: ## vet everything and build the programs for other systems
	@sh scripts/test.sh cross

lab: setup ## ten scenarios of bad networks with the real programs (14 minutes, root)
	CGO_ENABLED=0 ZRE_LAB=full go test -count=1 -v -timeout 40m ./test/lab

e2e: setup ## the end-to-end tests at full size, with 100 MB over slow links
	CGO_ENABLED=0 ZRE_LAB=full go test -count=1 -v -timeout 60m ./test/e2e

soak: setup ## ten nodes on three hosts in unrest for HOURS (0.5), plain and secure
	CGO_ENABLED=0 ZRE_SOAK=$(HOURS) go test -count=1 -v -timeout 0 -run TestSoak ./test/lab

attack: setup ## attacks on a node, and the table of SECURITY.md (2 minutes)
	CGO_ENABLED=0 ZRE_ATTACK=full go test -count=1 -v -timeout 5m -run TestAttacks ./test/attack

check: ## vet, staticcheck, and known vulnerabilities in what is used
	@sh scripts/test.sh format vet static vuln

generate: setup ## write the codecs and grammars again, from specs/
	CGO_ENABLED=0 go generate ./...

bench: ## measure, with raw libzmq where it is, and write BENCHMARKS.md
	@sh scripts/bench.sh

fuzz: setup ## each fuzz test for FUZZTIME (30s)
	@FUZZTIME=$(FUZZTIME) sh scripts/fuzz.sh

install: all ## programs, manual pages, completions into DESTDIR/PREFIX (/usr/local)
	@DESTDIR='$(DESTDIR)' PREFIX='$(PREFIX)' sh scripts/install.sh $(PROGRAMS)

uninstall: ## remove what `make install` put there, with the same DESTDIR and PREFIX
	@DESTDIR='$(DESTDIR)' PREFIX='$(PREFIX)' sh scripts/uninstall.sh $(PROGRAMS)

dist: setup ## archives, packages, SBOMs and checksums in dist/; fewer: SYSTEMS=linux/amd64,...
	@CGO_ENABLED=0 go run ./packaging/dist $(if $(SYSTEMS),-systems '$(SYSTEMS)')

test-dist: ## make dist twice; packages installed, used and removed in clean roots
	@sh scripts/test.sh dist

setup:
	@sh scripts/setup.sh

clean: ## remove bin/ and dist/
	rm -rf bin dist

help: ## this list
	@sed -n 's/^\([a-z0-9-]*\):[^#]*## \(.*\)/\1|\2/p' Makefile | while IFS='|' read -r n d; do printf '  make %-12s %s\n' "$$n" "$$d"; done
