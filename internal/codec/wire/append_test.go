package wire_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/gozre/zre/internal/codec/wire"
)

func TestAppend(t *testing.T) {
	t.Parallel()
	many := map[string]string{}
	var sorted strings.Builder
	sorted.WriteString("\x00\x00\x00\x14")
	for i := range 20 { // more than fit the stack
		key := fmt.Sprintf("k%02d", i)
		many[key] = "v"
		sorted.WriteString("\x03" + key + "\x00\x00\x00\x01v")
	}
	tests := []struct {
		name   string
		append func([]byte) ([]byte, error)
		want   string
	}{
		{"uint16", sound(wire.AppendUint16, 0x0102), "\x01\x02"},
		{"uint32", sound(wire.AppendUint32, 0x01020304), "\x01\x02\x03\x04"},
		{"uint64", sound(wire.AppendUint64, 0x0102030405060708), "\x01\x02\x03\x04\x05\x06\x07\x08"},
		{"string", with(wire.AppendString, "abc"), "\x03abc"},
		{"string, longest", with(wire.AppendString, strings.Repeat("x", 255)), "\xff" + strings.Repeat("x", 255)},
		{"longstr", with(wire.AppendLongString, "abc"), "\x00\x00\x00\x03abc"},
		{"chunk", with(wire.AppendChunk, []byte("abc")), "\x00\x00\x00\x03abc"},
		{"strings", with(wire.AppendStrings, []string{"a", ""}), "\x00\x00\x00\x02\x00\x00\x00\x01a\x00\x00\x00\x00"},
		{"hash, none", with(wire.AppendHash, nil), "\x00\x00\x00\x00"},
		{"hash", with(wire.AppendHash, map[string]string{"b": "2", "a": "1"}), "\x00\x00\x00\x02\x01a\x00\x00\x00\x011\x01b\x00\x00\x00\x012"},
		{"hash, large", with(wire.AppendHash, many), sorted.String()},
		{"zero-terminated", with(wire.AppendZeroTerminated, "abc"), "abc\x00"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got, err := test.append([]byte("before "))
			if err != nil || string(got) != "before "+test.want {
				t.Errorf("%q, %v; want %q", got, err, test.want)
			}
		})
	}
}

func TestAppendTooLong(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 256)
	tests := []struct {
		name   string
		append func([]byte) ([]byte, error)
		want   error
	}{
		{"string", with(wire.AppendString, long), wire.ErrTooLong},
		{"hash key", with(wire.AppendHash, map[string]string{"a": "b", long: ""}), wire.ErrTooLong},
		{"zero-terminated", with(wire.AppendZeroTerminated, "a\x00b"), wire.ErrZero},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got, err := test.append([]byte("before"))
			if !errors.Is(err, test.want) || string(got) != "before" {
				t.Errorf("%q, %v; want %v and dst as it was", got, err, test.want)
			}
		})
	}
}

func with[T any](f func([]byte, T) ([]byte, error), v T) func([]byte) ([]byte, error) {
	return func(dst []byte) ([]byte, error) { return f(dst, v) }
}

func sound[T any](f func([]byte, T) []byte, v T) func([]byte) ([]byte, error) {
	return func(dst []byte) ([]byte, error) { return f(dst, v), nil }
}
