package hostname

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"testing"
)

func TestResolve(t *testing.T) {
	hosts := map[string][]netip.Addr{
		"both": {netip.MustParseAddr("fd00::1"), netip.MustParseAddr("::ffff:10.0.0.1")},
		"none": {netip.MustParseAddr("0.0.0.0"), netip.MustParseAddr("ff02::1")},
	}
	lookup := Lookup(func(_ context.Context, network, host string) ([]netip.Addr, error) {
		if addrs, ok := hosts[host]; ok && network == "ip" {
			return addrs, nil
		}
		return nil, errors.New("no such host")
	})
	for _, test := range []struct{ hostPort, want string }{
		{"10.0.0.2:5", "[10.0.0.2:5] <nil>"},
		{"[fd00::2]:5", "[[fd00::2]:5] <nil>"},
		{"both:5", "[10.0.0.1:5 [fd00::1]:5] <nil>"},
		{"none:5", `[] "none" cannot be resolved: no address`},
		{"other:5", `[] "other" cannot be resolved: no such host`},
		{"both:0", "[] the port is not a number from 1 to 65535"},
		{"both:x", "[] the port is not a number from 1 to 65535"},
		{"*:5", `[] "*" is neither an IP address nor a name`},
		{":5", `[] "" is neither an IP address nor a name`},
		{"a b:5", `[] "a b" is neither an IP address nor a name`},
		{"192.168.1.300:5", `[] "192.168.1.300" is neither an IP address nor a name`},
		{"[robot:x]:5", `[] "robot:x" is neither an IP address nor a name`},
		{"both", "[] address both: missing port in address"},
	} {
		addrs, err := lookup.Resolve(t.Context(), test.hostPort)
		if got := fmt.Sprint(addrs, " ", err); got != test.want {
			t.Errorf("%s: %s, want %s", test.hostPort, got, test.want)
		}
	}
}

func TestError(t *testing.T) {
	cause := errors.New("no such host")
	_, err := Lookup(func(context.Context, string, string) ([]netip.Addr, error) { return nil, cause }).
		Resolve(t.Context(), "robot:5")
	if e, ok := errors.AsType[*Error](err); !ok || e.Host != "robot" || !errors.Is(err, cause) {
		t.Errorf("%v", err)
	}
}
