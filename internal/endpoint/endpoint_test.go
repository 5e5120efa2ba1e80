package endpoint

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/gozre/zre/internal/curve"
)

const someKey = "Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID"

func TestParse(t *testing.T) {
	for _, text := range []string{
		"tcp://10.0.0.2:41000", "tcp://[::1]:41000", "tcp://[fe80::1%eth0]:1", "tcp://127.0.0.1:65535",
		"tcp://10.0.0.2:41000|" + someKey,
	} {
		e, err := Parse(text)
		if err != nil || e.WithKey() != text {
			t.Errorf("%s: got %s, error %v", text, e.WithKey(), err)
		}
		if _, key, keyed := strings.Cut(text, "|"); keyed != !e.Key.IsZero() || e.Key.String() != key {
			t.Errorf("%s: key %q", text, e.Key)
		}
	}
	for _, text := range []string{
		"", "tcp://", "10.0.0.2:41000", "tcp://host:41000", "tcp://10.0.0.2", "tcp://10.0.0.2:0",
		"tcp://0.0.0.0:41000", "tcp://[::]:41000", "tcp://225.25.25.25:41000", "tcp://[ff02::1]:41000",
		"inproc://zre", "tcp://10.0.0.2:041000", "tcp://10.0.0.2:" + strings.Repeat("0", 230) + "41000",
		"tcp://[0:0:0:0:0:0:0:1]:41000", "tcp://10.0.0.2:41000|", "tcp://10.0.0.2:41000|key",
		"tcp://10.0.0.2:41000|" + someKey + "0", "tcp://10.0.0.2:70000", "tcp://[fe80::1%" + strings.Repeat("z", 300) + "]:1",
	} {
		if e, err := Parse(text); err == nil || e != (Endpoint{}) {
			t.Errorf("%q: got %v, error %v", text, e, err)
		}
	}
}

func TestZone(t *testing.T) {
	from := netip.MustParseAddr("fe80::9%eth1")
	for _, c := range []struct{ told, want string }{
		{"tcp://[fe80::1]:5", "tcp://[fe80::1%eth1]:5"},
		{"tcp://[fe80::1%eth0]:5", "tcp://[fe80::1%eth0]:5"},
		{"tcp://10.0.0.1:5", "tcp://10.0.0.1:5"},
		{"tcp://169.254.0.1:5", "tcp://169.254.0.1:5"},
		{"tcp://[2001:db8::1]:5", "tcp://[2001:db8::1]:5"},
	} {
		e, err := Parse(c.told)
		if err != nil {
			t.Fatal(err)
		}
		if got := e.InZone(from).String(); got != c.want {
			t.Errorf("%s: got %s, want %s", c.told, got, c.want)
		}
		if got := e.InZone(from).WithoutZone().String(); strings.Contains(got, "%") {
			t.Errorf("%s: zone in %s", c.told, got)
		}
	}
}

func TestEmpty(t *testing.T) {
	if got := (Endpoint{}).String() + (Endpoint{Key: curve.Key{1}}).String(); got != "" {
		t.Errorf("got %q", got)
	}
	at := At(netip.MustParseAddr("::ffff:10.0.0.2"), 7, curve.Key{})
	if got := at.WithKey(); got != "tcp://10.0.0.2:7" {
		t.Errorf("got %q", got)
	}
}
