package main

import (
	"syscall"
	"testing"
)

// What could not be printed is not acknowledged.
func TestAcknowledgesWhatIsPrinted(t *testing.T) {
	n := newFakeNode()
	p := &pipe{shell: newShell(n, nil, options{}), broken: make(chan struct{})}
	p.acknowledge()
	p.breakOff(syscall.ENOSPC)
	p.acknowledge()
	if n.acks != 1 {
		t.Errorf("acknowledged %d times, want 1", n.acks)
	}
}
