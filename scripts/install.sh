#!/bin/sh
# Installs what `make` has built: scripts/install.sh PROGRAM...
# PREFIX (/usr/local) says where to, DESTDIR is put before it (for packagers).
set -eu
cd "$(dirname "$0")/.."
prefix=${PREFIX:-/usr/local}
root=${DESTDIR:-}$prefix

put() { # put MODE FILE DIRECTORY [NAME]
	mkdir -p "$root/$3"
	install -m "$1" "$2" "$root/$3/${4:-$(basename "$2")}"
}

for program; do
	put 755 "bin/$program" bin
done
printf 'installed in %s\n' "$root"
