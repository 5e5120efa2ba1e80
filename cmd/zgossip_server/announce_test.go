package main

import (
	"slices"
	"strings"
	"testing"

	"github.com/gozre/zre/zgossip"
	"github.com/gozre/zre/zre/keys"
)

func TestAnnounce(t *testing.T) {
	for _, c := range []struct {
		secret  string
		trusted []string
		want    string
	}{
		{"", nil, "everybody who reaches it"},
		{"s", nil, "its own key, over CURVE"},
		{"s", []string{"a"}, "1 key, over CURVE"},
		{"s", []string{"a", "b"}, "2 keys, over CURVE"},
		{"s", []string{"a", keys.Any}, "everybody who has a key"},
	} {
		cfg := zgossip.ServerConfig{SecretKey: c.secret, TrustedKeys: c.trusted}
		if got := trusts(cfg); !strings.Contains(got, c.want) {
			t.Errorf("%v: %q, want %q", c, got, c.want)
		}
		refuses := slices.Contains(willNot(cfg, newOptions()), "serve clients without a trusted key")
		if refuses != (c.secret != "") {
			t.Errorf("%v: says that it refuses clients without a trusted key: %v", c, refuses)
		}
	}
}
