#!/bin/sh
# Checks what this machine has, and installs what the tests can use:
#
#   scripts/setup.sh         to build and run the programs: Go, and nothing else
#   scripts/setup.sh test    what `make test` uses beyond that: a C compiler, libzmq, libczmq, ip(8),
#                            bash-completion, zsh, fish, mandoc
#   scripts/setup.sh dist    what `make test-dist` uses: mandoc, debootstrap, rpm, busybox
#   scripts/setup.sh arm64   what `make test-arm64` uses: qemu-user
#   scripts/setup.sh bench   what `make bench` compares with: libzmq
#
# Only a missing Go is an error. For the rest it says what is left out, and the status is 0. It is quick and says nothing when all is there. It needs no terminal. It installs with the
# system's package manager, as root or through sudo or doas; SETUP=no keeps it from that.
set -eu
cd "$(dirname "$0")/.."
PATH=$PATH:/usr/local/go/bin:/usr/sbin:/sbin
export PATH
# shellcheck source=scripts/machine.sh
. scripts/machine.sh

say() { printf 'setup: %s\n' "$*" >&2; }
die() { say "$@"; exit 1; }

# Go itself is not installed for the user: which one, and where from, is the user's choice.
check_go() {
	want=$(sed -n 's/^go //p' go.mod)
	command -v go >/dev/null 2>&1 ||
		die "there is no Go on this machine: install Go $want or later (https://go.dev/dl/) and have it on the PATH"
	# Go 1.21 and later fetch the version that go.mod names, unless that is turned off.
	if ! complaint=$(go list -m 2>&1); then
		printf '%s\n' "$complaint" >&2
		die "$(go version) cannot build this module: install Go $want or later (https://go.dev/dl/)"
	fi
}

# choose_manager finds this system's package manager. It sets manager to its name, install and
# refresh to commands, and advice to what a person would type.
choose_manager() {
	refresh='' advice=''
	if command -v apt-get >/dev/null 2>&1; then
		# Another apt (unattended upgrades, say) may hold the lock for a while.
		apt="env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=300"
		manager=apt install="$apt install --no-install-recommends" refresh="$apt update"
		advice="apt-get update && apt-get install"
	elif command -v dnf >/dev/null 2>&1; then
		manager=dnf install="dnf -q -y install"
	elif command -v apk >/dev/null 2>&1; then
		manager=apk install="apk add -q" refresh="apk update -q"
	elif command -v pacman >/dev/null 2>&1; then
		manager=pacman install="pacman -S --noconfirm --needed" refresh="pacman -Sy --noconfirm"
	elif command -v brew >/dev/null 2>&1; then
		manager=brew install="brew install -q"
	else
		return 1
	fi
}

# packages FEATURE: what the packages are called there. Homebrew's compiler comes with Xcode's
# command line tools.
packages() {
	case $manager:$1 in
	apt:cc) echo gcc libc6-dev ;;
	apk:cc) echo gcc musl-dev ;;
	brew:cc) ;;
	*:cc) echo gcc ;;
	apt:libzmq) echo pkg-config libzmq3-dev ;;
	dnf:libzmq) echo pkgconf-pkg-config zeromq-devel ;;
	apk:libzmq) echo pkgconf zeromq-dev ;;
	*:libzmq) echo pkgconf zeromq ;;
	apt:czmq) echo libczmq-dev ;;
	dnf:czmq) echo czmq-devel ;;
	apk:czmq) echo czmq-dev ;;
	*:czmq) echo czmq ;;
	dnf:ip) echo iproute ;;
	*:zsh) echo zsh ;;
	*:fish) echo fish ;;
	*:mandoc) echo mandoc ;;
	*:bashcompletion) echo bash-completion ;;
	apt:packing) echo mandoc debootstrap rpm busybox-static ;;
	apk:packing) echo mandoc debootstrap rpm busybox-static ;;
	brew:packing) echo mandoc ;;
	*:packing) echo debootstrap rpm busybox ;;
	brew:ip) ;;
	*:ip) echo iproute2 ;;
	apk:arm64) echo qemu-aarch64 ;;
	brew:arm64) ;;
	*:arm64) echo qemu-user ;;
	esac
}

# choose_root sets as_root to what makes a command run as root.
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

# install_packages NAME...: first with the package lists at hand; they are fetched only if that
# fails.
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

# provide FEATURE...: installs the packages of those that this machine does not have. Where it
# cannot, it says why and goes on: `without` says what that means.
provide() {
	lacking=
	for feature; do
		"have_$feature" || lacking="$lacking $feature"
	done
	[ -n "$lacking" ] && [ "${SETUP:-}" != no ] || return 0
	if ! choose_manager; then
		say "no package manager known to this script (apt, dnf, apk, pacman, brew) is here"
		return
	elif ! choose_root; then
		names=
		for feature in $lacking; do names="$names $(packages "$feature")"; done
		say "not root, and neither sudo nor doas works without a question"
		say "for all tests, as root: ${advice:-$install}$names"
		return
	fi
	for feature in $lacking; do
		names=$(packages "$feature")
		# shellcheck disable=SC2086 # a list of packages
		[ -z "$names" ] || install_packages $names || say "that failed; going on without"
	done
}

# without FEATURE TEXT: says what is left out if this machine does not have the feature.
without() {
	"have_$1" || say "$2"
}

check_go
case ${1:-build} in
build) ;;
test)
	provide cc libzmq czmq ip bashcompletion zsh fish mandoc
	without cc "no C compiler: the tests run without the race detector"
	without libzmq "no libzmq 4.1 or later with headers, found by pkg-config: the tests over libzmq are left out"
	without czmq "no libczmq with headers: the tests with czmq's gossip server are left out"
	without ip "no ip(8): the tests between hosts (network namespaces) are left out"
	without bashcompletion "no bash-completion: the completions are not tested in bash"
	without mandoc "no mandoc: the manual pages are not checked by it"
	without zsh "no zsh: the completions are not tested in it"
	without fish "no fish: the completions are not tested in it"
	;;
dist)
	provide packing
	without packing "not all of mandoc, debootstrap, rpm and a static busybox are here: what they test is left out"
	;;
arm64)
	provide arm64
	without arm64 "no qemu-aarch64 (qemu-user), and this is no arm64 Linux: its tests cannot run here"
	;;
bench)
	provide cc libzmq
	without libzmq "no libzmq 4.1 or later with headers, found by pkg-config: nothing is compared with it"
	;;
*) die "usage: scripts/setup.sh [build|test|dist|arm64|bench]" ;;
esac
