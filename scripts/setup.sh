#!/bin/sh
# Makes sure that this machine has what the build needs, and installs what is missing:
#
#   scripts/setup.sh         to build and run the programs: Go, a C compiler, pkg-config, libzmq
#   scripts/setup.sh test    the same, and what the full tests use: libczmq, iproute2
#
# It is quick and says nothing when all is there, so that every `make` may call it.
# It needs no terminal. It installs with the system's package manager, as root or through
# sudo or doas; where it cannot, it says what to install and ends with status 1.
set -eu
cd "$(dirname "$0")/.."
PATH=$PATH:/usr/local/go/bin:/usr/sbin:/sbin
export PATH
level=${1:-build}

say() { printf 'setup: %s\n' "$*" >&2; }
die() { say "$@"; exit 1; }

# Go itself is not installed for the user: which one, and where from, is a choice of their own.
check_go() {
	want=$(sed -n 's/^go //p' go.mod)
	command -v go >/dev/null 2>&1 ||
		die "there is no Go on this machine: install Go $want or later (https://go.dev/dl/) and have it on the PATH"
	# Go 1.21 and later fetch the version that go.mod names, unless they are told not to.
	if ! complaint=$(go list -m 2>&1); then
		printf '%s\n' "$complaint" >&2
		die "$(go version) cannot build this module: install Go $want or later (https://go.dev/dl/)"
	fi
}

compiler() {
	for cc in ${CC:+"$CC"} cc gcc clang; do
		# shellcheck disable=SC2086 # CC may hold a compiler and its flags
		if command -v ${cc%% *} >/dev/null 2>&1; then
			printf '%s\n' "$cc"
			return
		fi
	done
	return 1
}

# The proof is a program that compiles and links, not the names of some files.
have_build() {
	cc=$(compiler) && command -v pkg-config >/dev/null 2>&1 && pkg-config --exists 'libzmq >= 4.1' || return 1
	object=$(mktemp) || return 1
	# shellcheck disable=SC2046,SC2086 # these are lists of flags
	printf '#include <zmq.h>\nint main(void) { return zmq_errno(); }\n' |
		$cc -x c - -o "$object" $(pkg-config --cflags --libs libzmq) >/dev/null 2>&1 && found=0 || found=1
	rm -f "$object"
	return "$found"
}

# Network namespaces, for which the tests want ip(8), are Linux's.
have_test() {
	pkg-config --exists libczmq && { [ "$(uname -s)" != Linux ] || command -v ip >/dev/null 2>&1; }
}

# Sets install and refresh to commands of this system's package manager, pkgs and extra to what
# the packages are called there, and advice to what a person would type.
choose_manager() {
	refresh='' advice=''
	if command -v apt-get >/dev/null 2>&1; then
		# Another apt (unattended upgrades, say) may hold the lock for a while.
		apt="env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=300"
		install="$apt install --no-install-recommends" refresh="$apt update"
		advice="apt-get update && apt-get install"
		pkgs="gcc libc6-dev make pkg-config libzmq3-dev" extra="libczmq-dev iproute2"
	elif command -v dnf >/dev/null 2>&1; then
		install="dnf -q -y install"
		pkgs="gcc make pkgconf-pkg-config zeromq-devel" extra="czmq-devel iproute"
	elif command -v apk >/dev/null 2>&1; then
		install="apk add -q" refresh="apk update -q"
		pkgs="gcc musl-dev make pkgconf zeromq-dev" extra="czmq-dev iproute2"
	elif command -v pacman >/dev/null 2>&1; then
		install="pacman -S --noconfirm --needed" refresh="pacman -Sy --noconfirm"
		pkgs="gcc make pkgconf zeromq" extra="czmq iproute2"
	elif command -v brew >/dev/null 2>&1; then
		# Homebrew wants no root; the compiler comes with Xcode's command line tools.
		install="brew install -q" pkgs="pkgconf zeromq" extra="czmq"
	else
		return 1
	fi
}

# Sets as_root to what makes a command run as root, if anything does.
choose_root() {
	as_root=
	case $install in brew*) return ;; esac
	[ "$(id -u)" -ne 0 ] || return 0
	if command -v sudo >/dev/null 2>&1 && { [ -t 2 ] || sudo -n true 2>/dev/null; }; then
		as_root=sudo
	elif command -v doas >/dev/null 2>&1 && { [ -t 2 ] || doas -n true 2>/dev/null; }; then
		as_root=doas
	else
		return 1
	fi
}

# install_packages NAME...: first with the lists at hand; they are fetched anew only if that fails.
install_packages() {
	say "installing $*"
	log=$(mktemp)
	# shellcheck disable=SC2086 # these are commands with their arguments
	if $as_root $install "$@" >"$log" 2>&1 </dev/null; then
		rm -f "$log"
		return
	elif [ -n "$refresh" ] && $as_root $refresh >>"$log" 2>&1 </dev/null &&
		$as_root $install "$@" >"$log" 2>&1 </dev/null; then
		rm -f "$log"
		return
	fi
	tail -n 20 "$log" >&2
	rm -f "$log"
	return 1
}

need() { # need build|test: what to install, installed if it can be
	choose_manager ||
		{ say "no package manager known to this script (apt, dnf, apk, pacman, brew) is here"; return 1; }
	# shellcheck disable=SC2086 # a list of packages
	if [ "$1" = build ]; then set -- $pkgs; else set -- $extra; fi
	choose_root ||
		{ say "not root, and neither sudo nor doas works without a question; as root, please: ${advice:-$install} $*"; return 1; }
	install_packages "$@"
}

ensure() { # ensure build|test: true if it is there, or could be installed
	"have_$1" || { need "$1" && "have_$1"; }
}

check_go
ensure build ||
	die "needed: a C compiler, pkg-config and libzmq 4.1 or later with its headers; with them installed this goes on"
if [ "$level" = test ] && ! ensure test; then
	say "libczmq or iproute2 is missing: the tests that use them will be skipped"
fi
