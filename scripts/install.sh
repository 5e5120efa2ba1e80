#!/bin/sh
# Installs what `make` has built: scripts/install.sh PROGRAM...
# PREFIX (/usr/local) says where to, DESTDIR is put before it (for packagers).
set -eu
cd "$(dirname "$0")/.."
prefix=${PREFIX:-/usr/local}
root=${DESTDIR:-}$prefix
export ZRECFG=/dev/null # no configuration of a user is read

put() { # put MODE FILE DIRECTORY
	mkdir -p "$root/$3"
	install -m "$1" "$2" "$root/$3/"
}

# The programs print their own manual pages and completions, so that these cannot be stale.
made=$(mktemp -d)
trap 'rm -rf "$made"' EXIT
for program; do
	put 755 "bin/$program" bin
	"bin/$program" --man >"$made/$program.1"
	"bin/$program" completion bash >"$made/$program"
	"bin/$program" completion zsh >"$made/_$program"
	"bin/$program" completion fish >"$made/$program.fish"
	put 644 "$made/$program.1" share/man/man1
	put 644 "$made/$program" share/bash-completion/completions
	put 644 "$made/_$program" share/zsh/site-functions
	put 644 "$made/$program.fish" share/fish/vendor_completions.d
done
put 644 zre.conf share/doc/zre
if [ "$(uname -s)" = Linux ]; then
	for unit in packaging/*.service; do
		sed "s|/usr/local/bin/|$prefix/bin/|" "$unit" >"$made/${unit##*/}"
		put 644 "$made/${unit##*/}" lib/systemd/system
	done
fi
printf 'installed in %s\n' "$root"
