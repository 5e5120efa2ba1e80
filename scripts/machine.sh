# shellcheck shell=sh
# What this machine has, as functions. The other scripts read this file with `.`; it does
# nothing by itself. A proof is a program that compiles, links or runs, not the name of a file.

# compiles CODE [FLAG...]: a C compiler makes a program of CODE.
compiles() {
	code=$1 object=$(mktemp) || return 1
	shift
	# shellcheck disable=SC2046 # CC may hold a compiler and its flags
	printf '%s\n' "$code" | $(go env CC) -x c - -o "$object" "$@" >/dev/null 2>&1 &&
		made=0 || made=1
	rm -f "$object"
	return "$made"
}

# runs NAME=VALUE... go run [FLAG...]: a Go program that is built in this way runs here.
runs() {
	dir=$(mktemp -d) || return 1
	printf 'package main\n\nfunc main() {}\n' >"$dir/main.go"
	env "$@" "$dir/main.go" >/dev/null 2>&1 && ran=0 || ran=1
	rm -rf "$dir"
	return "$ran"
}

# library NAME HEADER: pkg-config knows the library, and a C program links with it.
library() {
	command -v pkg-config >/dev/null 2>&1 && pkg-config --exists "$1" || return 1
	# shellcheck disable=SC2046 # a list of flags
	compiles "#include <$2>
int main(void) { return 0; }" $(pkg-config --cflags --libs "$1")
}

have_cc() { compiles 'int main(void) { return 0; }'; }

have_libzmq() { library 'libzmq >= 4.1' zmq.h; }

have_czmq() { library libczmq czmq.h; }

# Network namespaces, for which the tests use ip(8), exist on Linux only.
have_ip() { [ "$(uname -s)" != Linux ] || command -v ip >/dev/null 2>&1; }

have_bashcompletion() { [ -f /usr/share/bash-completion/bash_completion ]; }

have_mandoc() { command -v mandoc >/dev/null 2>&1; }

have_zsh() { command -v zsh >/dev/null 2>&1; }

have_fish() { command -v fish >/dev/null 2>&1; }

# What the tests of the packages make clean roots with, and look at pages with.
have_packing() {
	for tool in mandoc debootstrap rpm busybox; do
		command -v "$tool" >/dev/null 2>&1 || return 1
	done
}

# The race detector needs a C compiler on most systems, and does not exist for all of them.
have_race() { runs CGO_ENABLED=1 go run -race; }

have_386() { runs CGO_ENABLED=0 GOARCH=386 go run; }

# arm64_runner prints what has to stand before an arm64 program to run it: nothing, or qemu.
arm64_runner() {
	[ "$(go env GOHOSTOS)/$(go env GOHOSTARCH)" != linux/arm64 ] || return 0
	command -v qemu-aarch64 || command -v qemu-aarch64-static
}

have_arm64() { arm64_runner >/dev/null; }
