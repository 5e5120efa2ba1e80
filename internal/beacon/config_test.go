package beacon

import (
	"errors"
	"fmt"
	"net/netip"
	"reflect"
	"strings"
	"testing"

	"github.com/gozre/zre/internal/netif"
)

func addrPorts(list ...string) (out []netip.AddrPort) {
	for _, s := range list {
		out = append(out, netip.MustParseAddrPort(s))
	}
	return out
}

func TestSettings(t *testing.T) {
	both := []Family{IPv4, IPv6}
	defaults := addrPorts("224.0.0.250:5670", "225.25.25.25:5670", "[ff02::1]:5670")
	for name, test := range map[string]struct {
		config   Config
		want     settings
		bindings string
	}{
		"zero": {
			Config{},
			settings{5670, both, defaults, 1, netif.Choice{}},
			"[0.0.0.0:5670 [::]:5670]",
		},
		"port": {
			Config{Port: 7000, TTL: 9},
			settings{
				7000, both,
				addrPorts("224.0.0.250:7000", "225.25.25.25:7000", "[ff02::1]:7000"),
				9, netif.Choice{},
			},
			"[0.0.0.0:7000 [::]:7000]",
		},
		"groups": {
			Config{Groups: addrPorts(
				"239.1.1.1:0", "[::ffff:239.1.1.1]:5670", "239.1.1.1:6000", "224.0.0.250:5670",
			)},
			settings{
				5670, both,
				addrPorts("224.0.0.250:5670", "239.1.1.1:5670", "239.1.1.1:6000", "[ff02::1]:5670"),
				1, netif.Choice{},
			},
			"[0.0.0.0:5670 [::]:5670 0.0.0.0:6000]",
		},
		"groups of IPv6": {
			Config{Groups: addrPorts("[ff05::5a]:0", "[ff02::1]:6000")},
			settings{
				5670, both,
				addrPorts("224.0.0.250:5670", "225.25.25.25:5670", "[ff02::1]:6000", "[ff05::5a]:5670"),
				1, netif.Choice{},
			},
			"[0.0.0.0:5670 [::]:5670 [::]:6000]",
		},
		"IPv4": {
			Config{Family: IPv4, Groups: addrPorts("[ff05::5a]:6000")},
			settings{5670, []Family{IPv4}, defaults[:2], 1, netif.Choice{}},
			"[0.0.0.0:5670]",
		},
		"IPv6": {
			Config{Family: IPv6, Groups: addrPorts("239.1.1.1:6000")},
			settings{5670, []Family{IPv6}, addrPorts("[ff02::1]:5670"), 1, netif.Choice{}},
			"[[::]:5670]",
		},
		"interfaces": {
			Config{Interfaces: []string{"eth1", "eth0", "eth1"}},
			settings{5670, both, defaults, 1, netif.Choice{Use: []string{"eth0", "eth1"}}},
			"[0.0.0.0:5670 [::]:5670]",
		},
	} {
		got, err := test.config.settings()
		if err != nil || !reflect.DeepEqual(got, test.want) {
			t.Errorf("%s: got %v, %v, want %v", name, got, err, test.want)
		}
		if bindings := fmt.Sprint(got.bindings()); bindings != test.bindings {
			t.Errorf("%s: bindings %v, want %v", name, bindings, test.bindings)
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
		"not one":  {Exclude: []string{"a"}},
		"together": {Interfaces: []string{"ab"}},
		"blank":    {Interfaces: []string{"a b"}},
		"IPv4":     {Family: IPv4},
		"IPv6":     {Family: IPv6},
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
		"Groups ":    {Groups: addrPorts("[ff02::1%eth0]:5670")},
		"Groups  ":   {Groups: []netip.AddrPort{{}}},
		"Interfaces": {Interfaces: []string{""}},
		"Family":     {Family: -1},
		"Family ":    {Family: IPv6 + 1},
	} {
		_, err := Open(config)
		var configErr *ConfigError
		if !errors.As(err, &configErr) || configErr.Field != strings.TrimSpace(field) {
			t.Errorf("%s: got %v", field, err)
		}
	}
}
