package zmq

import (
	"runtime/debug"
	"testing"
)

func TestBallast(t *testing.T) {
	limit := debug.SetMemoryLimit(-1)
	defer debug.SetMemoryLimit(limit)
	if got := len(newBallast()); got != ballast {
		t.Errorf("a ballast of %d octets", got)
	}
	debug.SetMemoryLimit(tightMemory - 1)
	if got := len(newBallast()); got != 0 {
		t.Errorf("a ballast of %d octets where memory is tight", got)
	}
}
