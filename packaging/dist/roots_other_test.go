//go:build !linux

package main

import "testing"

// installAndUninstall needs Linux: elsewhere fewer files are installed.
func installAndUninstall(t *testing.T, _ string) { t.Skip("not Linux") }

// installEverywhere needs Linux: the packages are for it.
func installEverywhere(t *testing.T, _ string) {
	t.Log("not Linux: no package is installed")
}
