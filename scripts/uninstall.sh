#!/bin/sh
# Removes what scripts/install.sh has installed: scripts/uninstall.sh PROGRAM...
# PREFIX and DESTDIR are those of the installation. Directories that are empty then are
# removed as well, but not PREFIX itself, nor what every system has in /usr and /usr/local.
set -eu
prefix=${PREFIX:-/usr/local}
root=${DESTDIR:-}$prefix

# ours DIRECTORY: it may be removed if it is empty.
ours() {
	case $prefix/$1 in
	/usr/bin | /usr/lib | /usr/share | /usr/share/man | /usr/share/man/* | /usr/share/doc) false ;;
	/usr/local/bin | /usr/local/lib | /usr/local/share | /usr/local/share/man) false ;;
	esac
}

# The files, relative to PREFIX.
files() {
	for program; do
		printf '%s\n' "bin/$program" "share/man/man1/$program.1" \
			"share/bash-completion/completions/$program" "share/zsh/site-functions/_$program" \
			"share/fish/vendor_completions.d/$program.fish"
	done
	printf '%s\n' share/man/man5/zre.conf.5 share/man/man7/zre.7 \
		lib/systemd/system/zgossip_server.service share/doc/zre/dashboard.json
	for document in zre.conf LICENSE README.md CHANGELOG.md SECURITY.md BENCHMARKS.md BENCHMARKS.svg; do
		printf 'share/doc/zre/%s\n' "$document"
	done
	for document in "$root"/share/doc/zre/docs/*; do # Nobody else has files there.
		printf 'share/doc/zre/docs/%s\n' "${document##*/}"
	done
}

files "$@" | while read -r file; do
	rm -f "$root/$file"
	dir=${file%/*}
	while ours "$dir" && rmdir "$root/$dir" 2>/dev/null && [ "${dir%/*}" != "$dir" ]; do
		dir=${dir%/*}
	done
done
printf 'removed from %s\n' "$root"
