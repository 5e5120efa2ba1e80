package cli

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/spf13/pflag"

	"github.com/gozre/zre/zre"
)

func TestNodeConfig(t *testing.T) {
	r := world{}.run(t, "zrecat", "-n", "alice", "-i", "lo", "-g", "10.0.0.1", "-g", "h:5", "--peer", "10.0.0.2:41000", "--advertise", "192.0.2.1:41000",
		"--gossip-bind", "127.0.0.1:31337", "--no-beacon", "-m", "224.0.0.250:7000", "--multicast-ttl", "3", "-b", "0.5", "-q", "2", "-p", "0.25", "-d", "9",
		"--port-range", "50000-50010", "--send-window", "1M", "--receive-queue", "8M", "--header", "a=1", "--header=b=2=3")
	if r.status != 0 {
		t.Fatal(r.stderr)
	}
	cfg := r.node.Config(r.env)
	want := zre.Config{
		Name: "alice", Interfaces: []string{"lo"}, Gossip: []string{"tcp://10.0.0.1:31337", "tcp://h:5"}, Peers: []string{"tcp://10.0.0.2:41000"},
		Advertise: "tcp://192.0.2.1:41000", GossipBind: "tcp://127.0.0.1:31337", NoBeacon: true,
		MulticastGroup: cfg.MulticastGroup, MulticastTTL: 3, BeaconPort: 7000,
		BeaconPeriod: 500 * time.Millisecond, QuietPeriod: 2 * time.Second, QuietPingRate: 250 * time.Millisecond, DeadPeriod: 9 * time.Second,
		Ports: zre.PortRange{First: 50000, Last: 50010}, SendWindow: 1 << 20, ReceiveQueue: 8 << 20, Headers: map[string]string{"a": "1", "b": "2=3"}, Logger: cfg.Logger,
	}
	if cfg.Logger == nil || cfg.MulticastGroup.String() != "224.0.0.250:7000" || !reflect.DeepEqual(cfg, want) {
		t.Errorf("got  %+v\nwant %+v", cfg, want)
	}

	// One port given holds for broadcast and multicast.
	r = world{}.run(t, "zrecat", "--beacon-port", "7001")
	if cfg := r.node.Config(r.env); cfg.BeaconPort != 7001 || cfg.MulticastGroup.String() != "225.25.25.25:7001" {
		t.Errorf("beacon port %d, group %s", cfg.BeaconPort, cfg.MulticastGroup)
	}
}

// What the library refuses is said in the words of the flags, for each field
// that a flag sets.
func TestNodeError(t *testing.T) {
	flags := pflag.NewFlagSet("", pflag.ContinueOnError)
	NewNodeFlags().Register(flags)
	named := map[string]bool{}
	for _, field := range reflect.VisibleFields(reflect.TypeFor[zre.Config]()) {
		flag, ok := flagOfField(field.Name)
		if !ok {
			continue
		}
		named[flag] = true
		err := NodeError(&zre.ConfigError{Field: field.Name, Value: "v", Reason: "is bad"})
		if Status(err) != ExitUsage || !strings.Contains(err.Error(), "--"+flag+" ") || !strings.Contains(err.Error(), "is bad") {
			t.Errorf("%s: status %d, %v", field.Name, Status(err), err)
		}
	}
	flags.VisitAll(func(f *pflag.Flag) {
		if !named[f.Name] {
			t.Errorf("no field of zre.Config stands for --%s", f.Name)
		}
	})
	err := NodeError(&zre.ConfigError{Field: "Ports.First", Value: 0, Reason: "want more than QuietPeriod"})
	if want := "--port-range 0: want more than --quiet-period"; err.Error() != want {
		t.Errorf("%q, want %q", err, want)
	}
	if plain := errors.New("port taken"); NodeError(plain) != plain {
		t.Error("an error that is not about the configuration was changed")
	}
}
