//go:build !linux

package lab

import "io"

func cannotTap() error { return errNoNamespaces }

func (h *Host) openTap(string) (io.ReadWriteCloser, error) { return nil, errNoNamespaces }
