//go:build !linux

package lab

import (
	"errors"
	"os/exec"
	"testing"
)

type namespace struct{}

var errNoNamespaces = errors.New("network namespaces are Linux's")

func unable() error { return errNoNamespaces }

func newNamespace() (*namespace, error) { return nil, errNoNamespaces }

func (*namespace) path() string { return "" }

func (*namespace) inside(func()) error { return errNoNamespaces }

func (*namespace) close() {}

func dieWithParent(*exec.Cmd) {}

// Main runs the tests of a package. It returns the status to exit with.
func Main(m *testing.M) int { return m.Run() }
