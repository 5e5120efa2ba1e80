#!/bin/sh
# Installs what `make` has built: scripts/install.sh PROGRAM...
#
#   PREFIX    where to; /usr/local
#   DESTDIR   is put before it, for those who make packages
#   BIN       where the programs to install are; bin
#   RUN       where programs are that run on this machine and print their manual pages and
#             completions, if those in BIN are for another one; $BIN
#   SYSTEM    what they are for, as `uname -s` calls it
#   SUFFIX    how their names end; .exe on Windows
#   QUIET     if it is set, nothing is said
#
# scripts/uninstall.sh removes the same files: what is put somewhere here is removed there.
set -eu
cd "$(dirname "$0")/.."
prefix=${PREFIX:-/usr/local}
root=${DESTDIR:-}$prefix
bin=${BIN:-bin}
run=${RUN:-$bin}
system=${SYSTEM:-$(uname -s)}
export ZRECFG=/dev/null # no configuration of a user is read

put() { # put MODE FILE DIRECTORY
	mkdir -p "$root/$3"
	install -m "$1" "$2" "$root/$3/"
}

# The programs print their own manual pages and completions, so that these cannot be stale.
made=$(mktemp -d)
trap 'rm -rf "$made"' EXIT
for program; do
	put 755 "$bin/$program${SUFFIX:-}" bin
	"$run/$program" --man >"$made/$program.1"
	"$run/$program" completion bash >"$made/$program"
	"$run/$program" completion zsh >"$made/_$program"
	"$run/$program" completion fish >"$made/$program.fish"
	put 644 "$made/$program.1" share/man/man1
	put 644 "$made/$program" share/bash-completion/completions
	put 644 "$made/_$program" share/zsh/site-functions
	put 644 "$made/$program.fish" share/fish/vendor_completions.d
done
sh scripts/stamp.sh | {
	read -r version commit seconds
	go run ./packaging/man "$made" "$seconds"
	go run ./packaging/pages "$made/doc" "$version" "$commit"
}
put 644 "$made/zre.conf.5" share/man/man5
put 644 "$made/zre.7" share/man/man7
for document in "$made"/doc/*.* "$made/doc/LICENSE"; do
	put 644 "$document" share/doc/zre
done
for document in "$made"/doc/docs/*; do
	put 644 "$document" share/doc/zre/docs
done
put 644 packaging/grafana/dashboard.json share/doc/zre
if [ "$system" = Linux ]; then
	for unit in packaging/*.service; do
		sed "s|/usr/local/bin/|$prefix/bin/|" "$unit" >"$made/${unit##*/}"
		put 644 "$made/${unit##*/}" lib/systemd/system
	done
fi
[ "${QUIET:-}" ] || printf 'installed in %s\n' "$root"
