package cli

import (
	"testing"
	"time"
)

func TestStamp(t *testing.T) {
	for _, c := range []struct {
		text, version, commit string
		date                  int64
		ok                    bool
	}{
		{text: ""},
		{text: "v1.0.0"},
		{"v1.0.0,0123456789ab,1700000000", "v1.0.0", "0123456789ab", 1700000000, true},
		{"v1.0.0,-,0", "v1.0.0", "", 0, true},
		{"v1.0.0,abc+changes,x", "v1.0.0", "abc+changes", 0, true},
	} {
		version, commit, date, ok := parseStamp(c.text)
		want := time.Time{}
		if c.date > 0 {
			want = time.Unix(c.date, 0)
		}
		if version != c.version || commit != c.commit || !date.Equal(want) || ok != c.ok {
			t.Errorf("%q: %q %q %v %v", c.text, version, commit, date, ok)
		}
	}
}
