package fuzz

import (
	"reflect"
	"strings"
	"testing"

	"github.com/gozre/zre/internal/codec/zremsg"
)

// FuzzDecoder sends many frames through one Decoder: each is decoded as a new Decoder would
// decode it, independent of earlier frames. The input is frames with a length octet
// each.
func FuzzDecoder(f *testing.F) {
	var all []byte
	for _, frame := range frames(f) {
		if len(frame) < 256 {
			all = append(append(all, byte(len(frame))), frame...)
		}
	}
	f.Add(all)
	f.Fuzz(func(t *testing.T, input []byte) {
		var d zremsg.Decoder
		for len(input) > 0 {
			n := min(int(input[0]), len(input)-1)
			frame := input[1 : 1+n]
			input = input[1+n:]
			want, err := zremsg.Decode(frame)
			got, errGot := d.Decode(frame)
			if (err == nil) != (errGot == nil) || err != nil && err.Error() != errGot.Error() {
				t.Fatalf("%x: error %v; alone %v", frame, errGot, err)
			}
			if !reflect.DeepEqual(want, got) {
				t.Fatalf("%x: %+v; alone %+v", frame, got, want)
			}
		}
	})
}

// FuzzHello encodes values: what fits comes back as it was, what does not is
// refused.
func FuzzHello(f *testing.F) {
	f.Add(uint16(1), "tcp://192.0.2.1:41000", "CHAT\nNEWS", uint8(2), "alice", "X-ROLE\nprinter")
	f.Add(uint16(65535), "", "", uint8(255), strings.Repeat("x", 255), "k\nv\nk\nw\n\n")
	f.Add(uint16(0), strings.Repeat("e", 256), "\n", uint8(0), "\x00\xff", strings.Repeat("k", 256)+"\nv")
	f.Fuzz(func(t *testing.T, sequence uint16, endpoint, groups string, status uint8, name, headers string) {
		m := &zremsg.Hello{Sequence: sequence, Endpoint: endpoint, Status: status, Name: name}
		if groups != "" {
			m.Groups = strings.Split(groups, "\n")
		}
		fits := len(endpoint) <= 255 && len(name) <= 255
		if parts := strings.Split(headers, "\n"); headers != "" {
			m.Headers = map[string]string{}
			for i := 0; i+1 < len(parts); i += 2 {
				m.Headers[parts[i]] = parts[i+1]
				fits = fits && len(parts[i]) <= 255
			}
			if len(m.Headers) == 0 {
				m.Headers = nil
			}
		}
		frame, err := m.AppendTo(nil)
		if (err == nil) != fits {
			t.Fatalf("error %v; fits: %v", err, fits)
		}
		if err != nil {
			return
		}
		back, err := zremsg.Decode(frame)
		if err != nil || !reflect.DeepEqual(any(m), any(back)) {
			t.Fatalf("%+v comes back as %+v, %v", m, back, err)
		}
	})
}
