#!/bin/sh
# Everything that has to hold, cheapest first; `make test` is this script.
#
#   scripts/test.sh            all steps but arm64, vuln and dist; static and cross beside the tests
#   scripts/test.sh STEP...    only these:
#
#   shell     shellcheck, if it is here         unit      unit tests, with the race detector
#   format    gofmt                             unit32    those of the library as a 32-bit program
#   generate  no generated file is stale        arm64     those of the library on arm64 (qemu-user)
#   vet       go vet                            programs  the programs, as users get them
#   static    staticcheck                       libzmq    node and programs again, over libzmq
#   cross     vet and build for other systems
#   vuln      govulncheck, if the database is reached; only where it is named
#   dist      packages: made twice, installed and removed in clean roots; only where it is named
#
# Everything is built without C, as the programs are, except for the race detector and libzmq.
# What this machine cannot run is left out, and named at the end. SETUP=no installs nothing.
set -eu
cd "$(dirname "$0")/.."
PATH=$PATH:/usr/local/go/bin:/usr/sbin:/sbin
export PATH
# shellcheck source=scripts/machine.sh
. scripts/machine.sh

# Tests that wait for something else than the processor run beside each other.
parallel="-parallel 8"

# The tests of these packages run on other processors, too.
library="./internal/codec/... ./internal/curve ./internal/gossip/... ./internal/transport/...
	./zgossip ./zre/..."

# Where the programs have to build. The system that this runs on has been vetted by then.
targets="linux/amd64 linux/arm64 linux/arm linux/riscv64
	darwin/arm64 windows/amd64 freebsd/amd64 android/arm64"

# skip REASON: the step (or part of it) is left out on this machine.
skip() {
	echo "skipped: $1"
	skipped="$skipped
   $step: $1"
}

# race sets the flag of the race detector, and cgo to what that needs, where it works.
race() {
	race='' cgo=0
	if have_race; then
		race=-race cgo=1
		# A test waits for its goroutines. Its program need not look out for races one second more.
		GORACE=${GORACE-atexit_sleep_ms=0}
		export GORACE
	else
		skip "no race detector, which needs a C compiler; the tests run without it"
	fi
}

step_shell() {
	if command -v shellcheck >/dev/null 2>&1; then
		shellcheck -x scripts/*.sh .ci/run
	else
		skip "there is no shellcheck on this machine"
	fi
}

step_format() {
	bad=$(gofmt -l .)
	[ -z "$bad" ] || { printf 'gofmt would change:\n%s\n' "$bad"; return 1; }
}

# What is checked in has to be what the generator writes, with or without git, and also
# while there are changes that are not committed yet: so it is compared with a copy.
step_generate() {
	for dir in specs internal/codec; do
		mkdir -p "$tmp/$dir" && cp -R "$dir/." "$tmp/$dir/"
	done
	go generate ./...
	for dir in specs internal/codec; do
		diff -r "$tmp/$dir" "$dir" ||
			{ echo "generated files were stale; they are fresh now: look at them and commit them"; return 1; }
	done
}

step_vet() { go vet ./...; }

step_static() { go tool staticcheck ./...; }

# Known vulnerabilities in what the packages call. The database is on the network; without it
# nothing is known, which is no fault of this tree.
step_vuln() {
	limit=$(command -v timeout) && limit="$limit 300"
	status=0
	$limit go tool govulncheck ./... >"$tmp/vuln" 2>&1 || status=$?
	case $status in
	0) ;;
	3) cat "$tmp/vuln"; return 1 ;;
	*)
		tail -n 3 "$tmp/vuln"
		skip "govulncheck cannot reach the database of vulnerabilities"
		;;
	esac
}

# What counts is that everything compiles and links, so the compiler does not optimize and writes
# no debug information. That saves a third of the time. Later runs take most from the build cache.
step_cross() {
	set -- "-gcflags=all=-N -l -dwarf=false" "-ldflags=-s -w"
	for target in $targets; do
		[ "$target" != "$(go env GOHOSTOS)/$(go env GOHOSTARCH)" ] || continue
		echo "$target"
		there="env GOOS=${target%/*} GOARCH=${target#*/}"
		$there go vet "$@" ./...
		$there go build "$@" -o "$tmp/cross/" ./cmd/...
		rm -rf "$tmp/cross"
	done
}

# Packages without goroutines: there is nothing to find for the race detector, which makes them
# several times as slow. They only compute, and have what the others leave of the processors.
# The archives of packaging/dist took 50 s to compress.
sequential='/internal/core$|/internal/gossip/|/internal/house$|/gen/|/packaging/'

# shellcheck disable=SC2046,SC2086 # lists
step_unit() {
	race
	status=0
	nice -n 19 go test -trimpath=false -vet=off $parallel -timeout 15m \
		$(go list ./... | grep -E "$sequential") >"$tmp/sequential" 2>&1 &
	beside="$beside $!" last=$!
	CGO_ENABLED=$cgo go test -trimpath=false -vet=off $race $parallel -timeout 15m \
		$(go list ./... | grep -v -E -e /test/ -e "$sequential") || status=$?
	wait $last || status=$?
	cat "$tmp/sequential"
	return $status
}

# shellcheck disable=SC2086 # a list of packages
step_unit32() {
	if have_386; then
		GOARCH=386 go test -short -trimpath=false -vet=off $parallel -timeout 15m $library
	else
		skip "this machine does not run 32-bit x86 programs"
	fi
}

# qemu-user cannot start a program that was built for arm64 from within one, and does not know
# the socket option TCP_INFO. What needs them is left out, but not on a machine of that kind.
# shellcheck disable=SC2086 # a list of packages
step_arm64() {
	runner=$(arm64_runner) || { echo "there is no qemu-aarch64 on this machine"; return 1; }
	set --
	if [ -n "$runner" ]; then
		start_themselves='TestDescriptorsRunOut|TestLocalNameTakenByAnotherUser'
		need_info='TestAddressIsLost|TestBacklog|TestSlowLineIsNotDead|TestVanishedHostIsGivenUp/ZMTP_3.0'
		set -- -exec "$runner" -skip "$start_themselves|$need_info"
		skip "under qemu-user the tests that start themselves or ask for TCP_INFO"
	fi
	GOOS=linux GOARCH=arm64 go test -trimpath=false -vet=off -timeout 60m "$@" $library
}

# The programs, as users get them. Unit tests are not beside them. Scenarios of bad networks have
# programs enough of their own.
# shellcheck disable=SC2046,SC2086 # lists
step_programs() {
	go test -v -vet=off -p 1 $parallel -timeout 15m $(go list ./test/... | grep -v /lab$)
	go test -v -vet=off -timeout 15m ./test/lab
}

# What is released, for all systems, and what its packages do where they are installed.
step_dist() { ZRE_DIST=full go test -v -vet=off -count=1 -timeout 60m ./packaging/...; }

# tests FILE...: the names of the tests in these files, as a pattern for -run.
tests() {
	cat "$@" | sed -n -e 's/^func \(Test[^(]*\)(.*/\1/p' -e 's/^func \(Fuzz[^(]*\)(.*/\1/p' |
		paste -s -d '|' - | sed 's/.*/^(&)$/'
}

# What has the build tag libzmq is checked, and what has a node in it is tested over libzmq.
# shellcheck disable=SC2046,SC2086 # lists
step_libzmq() {
	have_libzmq || { skip "there is no libzmq with its headers on this machine"; return; }
	race
	over="env CGO_ENABLED=1 ZRE_TRANSPORT=libzmq"
	files='{{.ImportPath}} {{.GoFiles}} {{.CgoFiles}} {{.TestGoFiles}} {{.XTestGoFiles}}'
	$over go list -f "$files" ./... >"$tmp/without"
	GOFLAGS="$GOFLAGS -tags=libzmq"
	tagged=$($over go list -f "$files" ./... | grep -vxFf "$tmp/without" | cut -d ' ' -f 1)
	$over go vet $tagged
	$over go tool staticcheck $tagged
	# Packages that run over it, or do something else with it, have its name in them. The tests of
	# all others would do the same again. Of zmtp's tests, those with libzmq are in files of theirs.
	zmtp=internal/transport/zmtp
	reach=$($over go list -test -f '{{.ImportPath}} {{.Dir}} {{join .Deps " "}}' ./... |
		sed -n -e '/\/zmq4/b test' -e '/\/rawzmq/!d' -e ': test' -e 's/\.test \([^ ]*\) .*/ \1/p' |
		while read -r package dir; do
			[ "${dir%/"$zmtp"}" = "$dir" ] || continue
			! grep -q -e libzmq -e ZRE_TRANSPORT "$dir"/*.go || echo "$package"
		done)
	$over go test -trimpath=false -vet=off $race $parallel -timeout 15m $reach
	$over go test -trimpath=false -vet=off $race $parallel -timeout 15m \
		-run "$(tests $(grep -l '^//go:build libzmq' $zmtp/*_test.go))" ./$zmtp
	$over go test -v -vet=off $parallel -timeout 15m ./test/e2e
	GOFLAGS=${GOFLAGS% -tags=libzmq}
}

# run STEP...: one after the other.
run() {
	for step; do
		printf '== %s\n' "$step"
		began=$(date +%s)
		# Not `step || …`: inside a condition `set -e` is off.
		"step_$step"
		printf '   %s s\n' $(($(date +%s) - began))
	done
}

case " ${*:-unit programs libzmq} " in
*" unit "* | *" programs "* | *" libzmq "*) sh scripts/setup.sh test ;;
*" arm64 "*) sh scripts/setup.sh arm64 ;;
*" dist "*) sh scripts/setup.sh dist ;;
*) sh scripts/setup.sh ;;
esac
# The same flags as the Makefile's: what one step has compiled, the next one need not. A test
# that looks for Go's own sources needs real paths, so unit tests are built without.
flags=$(go env GOFLAGS)
GOFLAGS="$flags -trimpath"
export GOFLAGS CGO_ENABLED=0
tmp=$(mktemp -d)
beside= # processes
trap 'kill $beside 2>/dev/null || :; wait; rm -rf "$tmp"' EXIT
trap 'exit 130' INT TERM
skipped=
all=$(date +%s)
if [ $# -gt 0 ]; then
	run "$@"
else
	run shell format generate vet
	# Tests wait a lot. What only computes has what they leave of the processors.
	GOFLAGS=$flags SETUP=no nice -n 19 sh scripts/test.sh static cross >"$tmp/beside" 2>&1 &
	beside=$! computes=$!
	run unit unit32 programs libzmq
	status=0
	wait $computes || status=$?
	sed '/^all passed/d' "$tmp/beside"
	[ $status = 0 ] || exit 1
fi
printf 'all passed in %s s\n' $(($(date +%s) - all))
[ -z "$skipped" ] || printf 'left out on this machine:%s\n' "$skipped"
