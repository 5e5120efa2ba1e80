//go:build linux && (amd64 || arm64)

package wire_test

import (
	"errors"
	"math"
	"syscall"
	"testing"
	"unsafe"

	"github.com/gozre/zre/internal/codec/wire"
)

// TestAppendHuge appends what has a length of more than 4 octets. The memory is
// reserved, not used: nothing may read the octets before their number is
// checked, or the test ends with a fault.
func TestAppendHuge(t *testing.T) {
	huge, err := syscall.Mmap(-1, 0, math.MaxUint32+1, syscall.PROT_NONE,
		syscall.MAP_ANON|syscall.MAP_PRIVATE|syscall.MAP_NORESERVE)
	if err != nil {
		t.Skipf("no 4 GiB of address space here: %v", err)
	}
	defer func() {
		if err := syscall.Munmap(huge); err != nil {
			t.Error(err)
		}
	}()
	text := unsafe.String(&huge[0], len(huge))
	for name, f := range map[string]func([]byte) ([]byte, error){
		"longstr":    with(wire.AppendLongString, text),
		"chunk":      with(wire.AppendChunk, huge),
		"strings":    with(wire.AppendStrings, []string{"a", text}),
		"hash value": with(wire.AppendHash, map[string]string{"a": text}),
	} {
		got, err := f([]byte("before"))
		if !errors.Is(err, wire.ErrTooLong) || string(got) != "before" {
			t.Errorf("%s: %q, %v; want %v and dst as it was", name, got, err, wire.ErrTooLong)
		}
	}
}
