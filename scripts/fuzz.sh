#!/bin/sh
# Runs each fuzz test for FUZZTIME; what a fuzzer finds is left as a seed under testdata/fuzz.
set -eu
cd "$(dirname "$0")/.."
# shellcheck source=scripts/machine.sh
. scripts/machine.sh

# Some compare with libzmq.
if have_libzmq; then
	GOFLAGS="$(go env GOFLAGS) -tags=libzmq" CGO_ENABLED=1
	export GOFLAGS CGO_ENABLED
fi
# Most are in fuzz/; those of what only its own room may import are there.
for pkg in $(grep -rl '^func Fuzz' --include='*_test.go' . | xargs -n 1 dirname | sort -u); do
	for name in $(go test -list '^Fuzz' "$pkg" | grep '^Fuzz'); do
		printf '== %s\n' "$name"
		go test -run '^$' -fuzz "^$name\$" -fuzztime "${FUZZTIME:-30s}" -fuzzminimizetime 1s "$pkg"
	done
done
