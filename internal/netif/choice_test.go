package netif

import (
	"errors"
	"net/netip"
	"slices"
	"testing"
)

func TestChoice(t *testing.T) {
	prefix := netip.MustParsePrefix
	all := []Interface{
		{Name: "lo", Index: 1, Prefixes: []netip.Prefix{prefix("127.0.0.1/8")}},
		{Name: "eth0", Index: 2, Prefixes: []netip.Prefix{prefix("10.0.0.1/24"), prefix("10.1.0.1/24")},
			Prefixes6: []netip.Prefix{prefix("fe80::1/64")}},
		{Name: "docker0", Index: 3, Prefixes: []netip.Prefix{prefix("172.17.0.1/16")}},
		{Name: "br-12", Index: 4, Prefixes: []netip.Prefix{prefix("172.18.0.1/16")}, Prefixes6: []netip.Prefix{prefix("fe80::1/64")}},
	}
	for _, c := range []struct {
		use, exclude []string
		want         []string
	}{
		{nil, nil, []string{"127.0.0.1", "10.0.0.1", "10.1.0.1", "fe80::1%eth0", "172.17.0.1", "172.18.0.1", "fe80::1%br-12"}},
		{[]string{"eth0"}, nil, []string{"10.0.0.1", "10.1.0.1", "fe80::1%eth0"}},
		{[]string{"10.1.0.1"}, nil, []string{"10.1.0.1"}},
		{[]string{"fe80::1%br-12", "lo"}, nil, []string{"127.0.0.1", "fe80::1%br-12"}},
		{[]string{"fe80::1"}, nil, []string{"fe80::1%eth0", "fe80::1%br-12"}},
		{[]string{"eth0", "10.1.0.1"}, nil, []string{"10.0.0.1", "10.1.0.1", "fe80::1%eth0"}},
		{[]string{"10.1.0.2", "eth1"}, nil, nil},
		{nil, []string{"docker0", "br-*"}, []string{"127.0.0.1", "10.0.0.1", "10.1.0.1", "fe80::1%eth0"}},
		{[]string{"172.17.0.1", "lo"}, []string{"docker*"}, []string{"127.0.0.1"}},
	} {
		var got []string
		for _, i := range (Choice{c.use, c.exclude}).Filter(all) {
			for _, a := range i.Addrs() {
				got = append(got, a.String())
			}
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("use %q without %q: %q, want %q", c.use, c.exclude, got, c.want)
		}
	}
	if len(all[1].Prefixes) != 2 {
		t.Error("the list has changed")
	}
}

func TestChoiceCheck(t *testing.T) {
	for _, c := range []Choice{{Use: []string{""}}, {Exclude: []string{""}}, {Exclude: []string{"[x"}}} {
		if c.Check() == nil {
			t.Errorf("%q is allowed", c)
		}
	}
	if err := (Choice{[]string{"eth0", "10.0.0.1"}, []string{"br-*"}}).Check(); err != nil {
		t.Error(err)
	}
}

// A name that is not there yet, or cannot be used, is told with the reason.
func TestChoiceMissing(t *testing.T) {
	loopback, err := Select()
	if err != nil || len(loopback) == 0 {
		t.Skip("this host has no usable interface")
	}
	name, addr := loopback[0].Name, loopback[0].Addrs()[0].String()
	for _, c := range []struct {
		choice Choice
		want   error
	}{
		{Choice{}, nil},
		{Choice{Use: []string{name, addr}}, nil},
		{Choice{Exclude: []string{"no-such0"}}, nil},
		{Choice{Use: []string{name, "no-such0"}}, ErrNoInterface},
		{Choice{Use: []string{"192.0.2.77"}}, ErrNotOurs},
		{Choice{Use: []string{name}, Exclude: []string{name}}, ErrExcluded},
	} {
		if err := c.choice.Missing(); !errors.Is(err, c.want) || c.want == nil && err != nil {
			t.Errorf("%q: %v, want %v", c.choice, err, c.want)
		}
	}
}
