package beacon

import (
	"errors"
	"net/netip"
	"slices"
	"strings"
	"testing"
)

func addrPorts(list ...string) (out []netip.AddrPort) {
	for _, s := range list {
		out = append(out, netip.MustParseAddrPort(s))
	}
	return out
}

func TestSettings(t *testing.T) {
	for name, test := range map[string]struct {
		config Config
		want   settings
		ports  []uint16
	}{
		"zero": {
			Config{},
			settings{5670, addrPorts("224.0.0.250:5670", "225.25.25.25:5670"), 1, nil},
			[]uint16{5670},
		},
		"port": {
			Config{Port: 7000, TTL: 9},
			settings{7000, addrPorts("224.0.0.250:7000", "225.25.25.25:7000"), 9, nil},
			[]uint16{7000},
		},
		"groups": {
			Config{Groups: addrPorts("239.1.1.1:0", "[::ffff:239.1.1.1]:5670", "239.1.1.1:6000", "224.0.0.250:5670")},
			settings{5670, addrPorts("224.0.0.250:5670", "239.1.1.1:5670", "239.1.1.1:6000"), 1, nil},
			[]uint16{5670, 6000},
		},
		"interfaces": {
			Config{Interfaces: []string{"eth1", "eth0", "eth1"}},
			settings{5670, addrPorts("224.0.0.250:5670", "225.25.25.25:5670"), 1, []string{"eth0", "eth1"}},
			[]uint16{5670},
		},
	} {
		got, err := test.config.settings()
		if err != nil || got.key() != test.want.key() || !slices.Equal(got.interfaces, test.want.interfaces) {
			t.Errorf("%s: got %v, %v, want %v", name, got, err, test.want)
		}
		if ports := got.ports(); !slices.Equal(ports, test.ports) {
			t.Errorf("%s: ports %v, want %v", name, ports, test.ports)
		}
	}
}

// Conns whose settings differ in any way must not share a transport.
func TestKeysDiffer(t *testing.T) {
	seen := make(map[string]string)
	for name, config := range map[string]Config{
		"zero":     {},
		"port":     {Port: 7000},
		"ttl":      {TTL: 2},
		"group":    {Groups: addrPorts("239.1.1.1:5670")},
		"group's":  {Groups: addrPorts("239.1.1.1:5671")},
		"one":      {Interfaces: []string{"a"}},
		"two":      {Interfaces: []string{"a", "b"}},
		"together": {Interfaces: []string{"ab"}},
	} {
		s, err := config.settings()
		if err != nil {
			t.Fatal(err)
		}
		if other, there := seen[s.key()]; there {
			t.Errorf("%s and %s have one key", name, other)
		}
		seen[s.key()] = name
	}
}

func TestOpenRefusesABadConfig(t *testing.T) {
	for field, config := range map[string]Config{
		"Port":       {Port: -1},
		"Port ":      {Port: 65536},
		"TTL":        {TTL: -1},
		"TTL ":       {TTL: 256},
		"Groups":     {Groups: addrPorts("10.0.0.1:5670")},
		"Groups ":    {Groups: addrPorts("[ff02::1]:5670")},
		"Groups  ":   {Groups: []netip.AddrPort{{}}},
		"Interfaces": {Interfaces: []string{""}},
	} {
		_, err := Open(config)
		var configErr *ConfigError
		if !errors.As(err, &configErr) || configErr.Field != strings.TrimSpace(field) {
			t.Errorf("%s: got %v", field, err)
		}
	}
}
