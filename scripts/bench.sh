#!/bin/sh
# Measures, and writes BENCHMARKS.md: the Go benchmarks first, then `zrebench report`.
# With libzmq on this machine it is measured too; without, its columns stay empty.
# BENCHFLAGS are further flags for `zrebench report`.
set -eu
cd "$(dirname "$0")/.."
PATH=$PATH:/usr/local/go/bin
export PATH
# shellcheck source=scripts/machine.sh
. scripts/machine.sh

sh scripts/setup.sh bench
GOFLAGS="$(go env GOFLAGS) -trimpath" CGO_ENABLED=0
if have_libzmq; then
	GOFLAGS="$GOFLAGS -tags=libzmq" CGO_ENABLED=1
fi
export GOFLAGS CGO_ENABLED
made=$(mktemp -d)
trap 'rm -rf "$made"' EXIT
go build -o "$made/" ./cmd/...
go test -p 1 -run '^$' -bench . -benchmem ./... >"$made/bench.txt" || { cat "$made/bench.txt"; exit 1; }
# shellcheck disable=SC2086 # a list of flags
"$made/zrebench" report --go-bench "$made/bench.txt" ${BENCHFLAGS:-}
