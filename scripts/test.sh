#!/bin/sh
# Everything that has to hold, cheapest first; `make test` is this script.
#
#   scripts/test.sh            all steps
#   scripts/test.sh STEP...    only these: shell format vet static generate platforms unit programs
set -eu
cd "$(dirname "$0")/.."
PATH=$PATH:/usr/local/go/bin:/usr/sbin:/sbin CGO_ENABLED=1
export PATH CGO_ENABLED
RACE=${RACE--race} # `make test RACE=` where the race detector does not exist

step_shell() {
	if ! command -v shellcheck >/dev/null 2>&1; then
		echo "skipped: there is no shellcheck on this machine"
		return
	fi
	shellcheck scripts/*.sh .ci/run
}

step_format() {
	bad=$(gofmt -l .)
	[ -z "$bad" ] || { printf 'gofmt would change:\n%s\n' "$bad"; return 1; }
}

step_vet() { go vet ./...; }

step_static() { go tool staticcheck ./...; }

# What is checked in has to be what the generator writes, with or without git, and also
# while there are changes that are not committed yet: so it is compared with a copy.
step_generate() {
	kept=$(mktemp -d)
	# shellcheck disable=SC2064 # expanded now on purpose
	trap "rm -rf '$kept'" EXIT
	for dir in specs internal/codec; do
		[ ! -d "$dir" ] || { mkdir -p "$kept/$dir" && cp -R "$dir/." "$kept/$dir/"; }
	done
	go generate ./...
	for dir in specs internal/codec; do
		[ ! -d "$dir" ] || diff -r "$kept/$dir" "$dir" ||
			{ echo "the generated files were stale; they are fresh now: look at them and commit them"; return 1; }
	done
}

# Files for other systems are type-checked, in the packages that have some and can do without C.
step_platforms() {
	for os in darwin windows; do
		pure=$(CGO_ENABLED=0 GOOS=$os go list -e -f \
			'{{if .IgnoredGoFiles}}{{.ImportPath}} {{join .Deps " "}} {{join .TestImports " "}} {{join .XTestImports " "}}{{end}}' ./... |
			awk 'NF && !/pebbe\/zmq4/ && !/gozre\/zre\/(internal\/zmq|zre( |$))/ { print $1 }')
		# shellcheck disable=SC2086 # a list of packages
		CGO_ENABLED=0 GOOS=$os go vet $pure
	done
}

# shellcheck disable=SC2046,SC2086 # lists of packages and flags
step_unit() { go test -vet=off $RACE -timeout 15m $(go list ./... | grep -v /test/); }

# The programs as they are built for users, alone on the machine: their memory is measured.
step_programs() { go test -v -vet=off -p 1 -timeout 15m ./test/...; }

[ $# -gt 0 ] || set -- shell format vet static generate platforms unit programs
sh scripts/setup.sh test
all=$(date +%s)
for step; do
	printf '== %s\n' "$step"
	began=$(date +%s)
	# Not `step || …`: inside a condition `set -e` is off.
	"step_$step"
	printf '   %s s\n' $(($(date +%s) - began))
done
printf 'all passed in %s s\n' $(($(date +%s) - all))
