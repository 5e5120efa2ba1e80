package main

import (
	"fmt"
	"slices"
	"strings"
)

// system is what programs are built for.
type system struct{ os, arch string }

// allSystems are those that a release has.
func allSystems() []string {
	return []string{
		"linux/amd64", "linux/arm64", "linux/arm", "linux/riscv64",
		"darwin/arm64", "darwin/amd64", "windows/amd64", "freebsd/amd64", "android/arm64",
	}
}

func parseSystem(name string) (system, error) {
	os, arch, ok := strings.Cut(name, "/")
	if !ok || !slices.Contains(allSystems(), name) {
		return system{}, fmt.Errorf("no such system; there are %s", strings.Join(allSystems(), ", "))
	}
	return system{os, arch}, nil
}

// env is the environment of the go command that builds for the system. What would change the
// programs is set, or taken away. The oldest processors of each kind can run them.
func (s system) env() []string {
	return []string{
		"GOOS=" + s.os, "GOARCH=" + s.arch, "CGO_ENABLED=0", "GOFLAGS=-trimpath", "GOEXPERIMENT=", "GOWORK=off",
		"GOAMD64=v1", "GOARM64=v8.0", "GOARM=6", "GORISCV64=rva20u64",
	}
}

// uname is the name that `uname -s` has for the system, for scripts/install.sh.
func (s system) uname() string {
	if s.os == "linux" {
		return "Linux"
	}
	return s.os
}

// suffix ends the name of a program.
func (s system) suffix() string {
	if s.os == "windows" {
		return ".exe"
	}
	return ""
}

// nfpm is nfpm's name for the processor. It gives each kind of package its own word for it.
func (s system) nfpm() string {
	if s.arch == "arm" {
		return "arm6"
	}
	return s.arch
}
