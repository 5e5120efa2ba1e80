package codec_test

import (
	"encoding/hex"
	"strconv"
	"testing"

	"github.com/gozre/zre/gen/model"
)

// TestModelValues encodes and decodes each message with the values that its
// model gives for tests, and so checks these too.
func TestModelValues(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s subject, r reference) {
		for i := range r.p.Messages {
			m := &r.p.Messages[i]
			var values []any
			if r.p.PubSub {
				values = append(values, "topic")
			}
			for j := range m.Fields {
				if m.Fields[j].Constant == nil {
					values = append(values, testValue(t, &m.Fields[j]))
				}
			}
			msg := s.zero(t, r, m)
			set(t, msg, values)
			want, err := r.encode(m, values)
			if err != nil {
				t.Fatalf("%s: %v", m.Name, err)
			}
			got, err := s.encode(msg)
			if err != nil {
				t.Fatalf("%s: %v", m.Name, err)
			}
			same(t, m.Name, want, got)
			back, err := s.decodeFrames(got)
			if err != nil {
				t.Fatalf("%s: %v", m.Name, err)
			}
			same(t, m.Name, values, get(back))
		}
	})
}

// testValue reads the test values of a field as zproto does: octets in
// hexadecimal, a list one by one, a map with the keys as names.
func testValue(t *testing.T, f *model.Field) any {
	t.Helper()
	value := zeroValue(f)
	for _, test := range f.Tests {
		var err error
		switch old := value.(type) {
		case uint64:
			value, err = strconv.ParseUint(test.Value, 10, 8*f.Size)
		case string:
			value = test.Value
		case []string:
			value = append(old, test.Value)
		case map[string]string:
			if old == nil {
				old = map[string]string{}
			}
			old[test.Name] = test.Value
			value = old
		case []byte:
			octets, bad := hex.DecodeString(test.Value)
			if f.Size > 0 && len(octets) != f.Size {
				t.Errorf("field %s has %d octets; its test value %d", f.Name, f.Size, len(octets))
			}
			value, err = octets, bad
		case [][]byte:
			octets, bad := hex.DecodeString(test.Value)
			if bad != nil { // a frame may be plain text as well
				octets = []byte(test.Value)
			}
			value = append(old, octets)
		}
		if err != nil {
			t.Errorf("field %s: test value %q: %v", f.Name, test.Value, err)
		}
	}
	return value
}
