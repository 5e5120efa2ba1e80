#!/bin/sh
# Runs each fuzz test for FUZZTIME; what a fuzzer finds is left as a seed under testdata/fuzz.
set -eu
cd "$(dirname "$0")/.."
# Most are in fuzz/; one of what only its own room may import is there.
for pkg in $(grep -rl '^func Fuzz' --include='*_test.go' . | xargs -n 1 dirname | sort -u); do
	for name in $(go test -list '^Fuzz' "$pkg" | grep '^Fuzz'); do
		printf '== %s\n' "$name"
		go test -run '^$' -fuzz "^$name\$" -fuzztime "${FUZZTIME:-30s}" -fuzzminimizetime 1s "$pkg"
	done
done
