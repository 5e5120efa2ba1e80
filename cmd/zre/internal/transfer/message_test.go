package transfer

import (
	"errors"
	"math"
	"reflect"
	"strings"
	"testing"
)

var testID = ID{1, 2, 3, 15: 16}

// messages are one of each kind, and the bounds of their fields.
func messages() []Message {
	sum := Sum{7, 31: 9}
	return []Message{
		Offer{testID, []Entry{{"photos", true, 0o755, 0}, {"photos/ä b.jpg", false, 0o640, math.MaxInt64}}},
		Refuse{testID, "no"},
		Refuse{testID, ""},
		Take{testID},
		Accept{testID, math.MaxUint32, []Claim{}},
		Accept{testID, 1, []Claim{{0, 5, sum, true}, {MaxEntries - 1, math.MaxInt64, sum, false}}},
		Data{testID, 1, 3, 1 << 40, false, false, Sum{}, []byte("payload")},
		Data{testID, 1, 3, 0, true, false, sum, []byte{}},
		Data{testID, 1, 3, 0, false, true, Sum{}, []byte{}},
		Result{testID, "disk full"},
		Result{testID, ""},
	}
}

func TestMessages(t *testing.T) {
	for _, m := range messages() {
		frames := Frames(m)
		got, err := Parse(frames)
		if err != nil || !reflect.DeepEqual(got, m) {
			t.Errorf("%+v came as %+v, %v", m, got, err)
		}
		first := frames[0]
		_, reason := m.(Refuse)
		_, result := m.(Result)
		for n := range first {
			frames[0] = first[:n]
			if m, err := Parse(frames); !errors.Is(err, ErrMessage) && (!reason && !result || n < len(magic)+1+len(testID)) {
				t.Errorf("the first %d of %d octets of %T are %+v", n, len(first), m, m)
			}
		}
		if !reason && !result {
			frames[0] = append(first[:len(first):len(first)], 0)
			if _, err := Parse(frames); !errors.Is(err, ErrMessage) {
				t.Errorf("%T with an octet more: %v", m, err)
			}
		}
		frames[0] = first
		if _, err := Parse(append(frames, nil)); !errors.Is(err, ErrMessage) {
			t.Errorf("%T with a frame more: %v", m, err)
		}
	}
}

// A text that is too long is cut, not refused.
func TestLongReason(t *testing.T) {
	m, err := Parse(Frames(Result{testID, strings.Repeat("ä", maxReason)}))
	if r, ok := m.(Result); err != nil || !ok || len(r.Reason) != maxReason {
		t.Errorf("%+v, %v", m, err)
	}
}

// raw is the first frame of a message.
func raw(kind byte, rest string) []byte { return append(start([]byte(magic), kind, testID), rest...) }

func TestHostileMessages(t *testing.T) {
	offer := func(entries ...Entry) []byte { return Frames(Offer{testID, entries})[0] }
	file := func(name string) Entry { return Entry{Name: name, Mode: 0o644, Size: 1} }
	dir := func(name string) Entry { return Entry{Name: name, Mode: 0o755, Dir: true} }
	setuid := offer(file("a"))
	setuid[len(magic)+17+4+1] |= 0o4000 >> 8
	for name, frame := range map[string][]byte{
		"another protocol":       []byte("ZRE-REQUEST/1 x"),
		"another version":        []byte("ZRE-FILES/2 T0123456789abcdef"),
		"no kind":                []byte(magic),
		"unknown kind":           raw('x', ""),
		"more entries than sent": raw(kindOffer, "\xff\xff\xff\xff"),
		"many entries":           raw(kindOffer, "\x00\x01\x86\x9f"),
		"many claims":            raw(kindAccept, "\x00\x00\x00\x01\x00\x01\x86\x9f"),
		"negative size":          raw(kindOffer, "\x00\x00\x00\x01\x00\x01\xa4\xff\xff\xff\xff\xff\xff\xff\xff\x00\x01a"),
		"unknown flag":           raw(kindOffer, "\x00\x00\x00\x01\x80\x01\xa4\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01a"),
		"setuid":                 setuid,
		"reason not UTF-8":       raw(kindResult, "\xff"),
		"long reason":            raw(kindRefuse, strings.Repeat("x", maxReason+1)),
		"a long frame":           raw(kindTake, strings.Repeat("x", maxFirst)),
		"nothing":                offer(),
		"twice":                  offer(file("a"), file("a")),
		"file and directory":     offer(file("a"), dir("a")),
		"in a file":              offer(file("a"), file("a/b")),
		"in nothing":             offer(file("a/b")),
		"directory afterwards":   offer(file("a/b"), dir("a")),
		"directory with size":    offer(Entry{Name: "a", Dir: true, Size: 1}),
		"sum of sizes":           offer(Entry{Name: "a", Size: math.MaxInt64}, Entry{Name: "b", Size: 1}),
		"absolute":               offer(file("/etc/passwd")),
		"upwards":                offer(file("..")),
		"upwards inside":         offer(dir("a"), file("a/../../b")),
		"claims out of order":    Frames(Accept{testID, 1, []Claim{{Index: 2}, {Index: 1}}})[0],
		"claim twice":            Frames(Accept{testID, 1, []Claim{{Index: 1}, {Index: 1}}})[0],
	} {
		if m, err := Parse([][]byte{frame}); !errors.Is(err, ErrMessage) {
			t.Errorf("%s: %+v, %v", name, m, err)
		}
	}
	for name, d := range map[string]Data{
		"large piece":     {ID: testID, Payload: make([]byte, maxChunk+1)},
		"end and differs": {ID: testID, End: true, Differs: true},
		"entry":           {ID: testID, Index: MaxEntries},
		"offset":          {ID: testID, Offset: -1},
	} {
		if m, err := Parse(Frames(d)); !errors.Is(err, ErrMessage) {
			t.Errorf("%s: %+v, %v", name, m, err)
		}
	}
	if _, err := Parse(nil); !errors.Is(err, ErrMessage) {
		t.Error(err)
	}
}

func FuzzParse(f *testing.F) {
	for _, m := range messages() {
		frames := append(Frames(m), nil)
		f.Add(frames[0], frames[1], len(frames) == 3)
	}
	f.Fuzz(func(t *testing.T, first, second []byte, two bool) {
		frames := [][]byte{first}
		if two {
			frames = append(frames, second)
		}
		m, err := Parse(frames)
		if err != nil {
			if m != nil || !errors.Is(err, ErrMessage) {
				t.Fatalf("%+v, %v", m, err)
			}
			return
		}
		again, err := Parse(Frames(m))
		if err != nil || !reflect.DeepEqual(m, again) {
			t.Fatalf("%+v became %+v, %v", m, again, err)
		}
		if o, ok := m.(Offer); ok {
			for _, e := range o.Entries {
				if CheckName(e.Name) != nil || e.Mode&^0o777 != 0 {
					t.Fatalf("%+v", e)
				}
			}
		}
	})
}
