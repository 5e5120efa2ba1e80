#!/bin/sh
# Runs each fuzz test for FUZZTIME; what a fuzzer finds is left as a seed under testdata/fuzz.
set -eu
cd "$(dirname "$0")/.."
for pkg in $(go list ./fuzz/...); do
	for name in $(go test -list '^Fuzz' "$pkg" | grep '^Fuzz'); do
		printf '== %s\n' "$name"
		go test -run '^$' -fuzz "^$name\$" -fuzztime "${FUZZTIME:-30s}" -fuzzminimizetime 1s "$pkg"
	done
done
