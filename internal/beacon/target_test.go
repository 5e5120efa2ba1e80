package beacon

import (
	"fmt"
	"net/netip"
	"slices"
	"testing"

	"github.com/gozre/zre/internal/netif"
)

func TestTargets(t *testing.T) {
	s, err := Config{}.settings()
	if err != nil {
		t.Fatal(err)
	}
	groups := []string{"224.0.0.250:5670", "225.25.25.25:5670"}
	for name, test := range map[string]struct {
		prefixes []string
		want     []string // SOURCE>DESTINATION
	}{
		"one network":                   {[]string{"10.0.0.1/24"}, []string{"10.0.0.1>10.0.0.255:5670", "10.0.0.1>*"}},
		"loopback":                      {[]string{"127.0.0.1/8"}, []string{"127.0.0.1>127.255.255.255:5670", "127.0.0.1>*"}},
		"two networks":                  {[]string{"10.0.0.1/24", "10.9.0.1/16"}, []string{"10.0.0.1>10.0.0.255:5670", "10.0.0.1>*", "10.9.0.1>10.9.255.255:5670", "10.9.0.1>*"}},
		"two addresses in one network":  {[]string{"10.0.0.1/24", "10.0.0.2/24"}, []string{"10.0.0.1>10.0.0.255:5670", "10.0.0.1>*"}},
		"a virtual service":             {[]string{"10.7.0.1/32", "10.0.0.1/24"}, []string{"10.0.0.1>10.0.0.255:5670", "10.0.0.1>*"}},
		"only virtual services":         {[]string{"10.7.0.1/32", "10.7.0.2/32"}, []string{"10.7.0.1>*"}},
		"point to point":                {[]string{"10.7.0.2/31"}, []string{"10.7.0.2>*"}},
		"an interface that lost its IP": {nil, nil},
	} {
		ifi := netif.Interface{Name: "eth0", Index: 7}
		for _, p := range test.prefixes {
			ifi.Prefixes = append(ifi.Prefixes, netip.MustParsePrefix(p))
		}
		var want, got []string
		for _, w := range test.want {
			if source, ok := cutStar(w); ok {
				want = append(want, source+groups[0], source+groups[1])
				continue
			}
			want = append(want, w)
		}
		for _, target := range targetsOf([]netif.Interface{ifi}, s) {
			if target.ifindex != 7 || target.name != "eth0" {
				t.Errorf("%s: wrong interface: %+v", name, target)
			}
			got = append(got, fmt.Sprintf("%v>%v", target.src, target.dst))
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s:\n got %v\nwant %v", name, got, want)
		}
	}
}

// cutStar cuts the star that stands for each of the groups.
func cutStar(s string) (string, bool) {
	if s[len(s)-1] == '*' {
		return s[:len(s)-1], true
	}
	return s, false
}
