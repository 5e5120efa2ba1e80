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

// someKey has what is special in an address: it ends no sooner for it.
const someKey = "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7"

func TestNodeConfig(t *testing.T) {
	r := world{}.run(t, "zrecat", "-n", "alice", "-i", "lo", "-g", "10.0.0.1", "-g", "h:5", "--peer", "10.0.0.2:41000", "--peer", "10.0.0.3:41000|"+someKey, "--advertise", "192.0.2.1:41000",
		"--gossip-bind", "127.0.0.1:31337", "--no-beacon", "-m", "224.0.0.250:7000", "--multicast-ttl", "3", "-b", "0.5", "-q", "2", "-p", "0.25", "-d", "9",
		"--port-range", "50000-50010", "--send-window", "1M", "--receive-queue", "8M", "--header", "a=1", "--header=b=2=3", "--transport", "zmtp")
	if r.status != 0 {
		t.Fatal(r.stderr)
	}
	cfg, err := r.node.Config(r.env)
	if err != nil {
		t.Fatal(err)
	}
	want := zre.Config{
		Name: "alice",
		Discovery: zre.Discovery{
			Interfaces: []string{"lo"}, Gossip: []string{"tcp://10.0.0.1:31337", "tcp://h:5"},
			Peers:     []string{"tcp://10.0.0.2:41000", "tcp://10.0.0.3:41000|" + someKey},
			Advertise: "tcp://192.0.2.1:41000", GossipBind: "tcp://127.0.0.1:31337", NoBeacon: true,
			MulticastGroup: cfg.Discovery.MulticastGroup, MulticastTTL: 3, BeaconPort: 7000, BeaconPeriod: 500 * time.Millisecond,
		},
		Timing: zre.Timing{QuietPeriod: 2 * time.Second, QuietPingRate: 250 * time.Millisecond, DeadPeriod: 9 * time.Second, StallTimeout: time.Minute},
		Limits: zre.Limits{
			Ports: zre.PortRange{First: 50000, Last: 50010}, SendWindow: 1 << 20, ReceiveQueue: 8 << 20,
		},
		Transport: "zmtp", Headers: map[string]string{"a": "1", "b": "2=3"}, Logger: cfg.Logger,
	}
	if cfg.Logger == nil || cfg.Discovery.MulticastGroup.String() != "224.0.0.250:7000" || !reflect.DeepEqual(cfg, want) {
		t.Errorf("got  %+v\nwant %+v", cfg, want)
	}

	// One port given holds for broadcast and multicast.
	r = world{}.run(t, "zrecat", "--beacon-port", "7001")
	if cfg, err := r.node.Config(r.env); err != nil || cfg.Discovery.BeaconPort != 7001 || cfg.Discovery.MulticastGroup.String() != "225.25.25.25:7001" {
		t.Errorf("beacon port %d, group %s, %v", cfg.Discovery.BeaconPort, cfg.Discovery.MulticastGroup, err)
	}
}

// fields returns the names of the fields of a Config, those of its groups as
// GROUP.FIELD.
func fields(config reflect.Type) []string {
	var names []string
	for _, f := range reflect.VisibleFields(config) {
		switch f.Name {
		case "Discovery", "Timing", "Limits", "Security":
			for _, inner := range reflect.VisibleFields(f.Type) {
				names = append(names, f.Name+"."+inner.Name)
			}
		default:
			names = append(names, f.Name)
		}
	}
	return names
}

// What the library refuses is said in the words of the flags, for each field
// that a flag sets.
func TestNodeError(t *testing.T) {
	flags := pflag.NewFlagSet("", pflag.ContinueOnError)
	NewNodeFlags().Register(flags)
	named := map[string]bool{}
	for _, field := range fields(reflect.TypeFor[zre.Config]()) {
		flag, ok := flagOfField(fieldName(field))
		if !ok {
			continue
		}
		named[flag] = true
		err := new(Env).NodeError(&zre.ConfigError{Field: field, Value: "v", Reason: "is bad"})
		if Status(err) != ExitUsage || !strings.Contains(err.Error(), "--"+flag+" ") || !strings.Contains(err.Error(), "is bad") {
			t.Errorf("%s: status %d, %v", field, Status(err), err)
		}
	}
	flags.VisitAll(func(f *pflag.Flag) {
		// settle and metrics are about what the programs do with the node.
		if !named[f.Name] && f.Name != "settle" && f.Name != "metrics" {
			t.Errorf("no field of zre.Config stands for --%s", f.Name)
		}
	})
	err := new(Env).NodeError(&zre.ConfigError{Field: "Limits.Ports.First", Value: 0, Reason: "want more than QuietPeriod"})
	if want := "--port-range 0: want more than --quiet-period"; err.Error() != want {
		t.Errorf("%q, want %q", err, want)
	}
	if plain := errors.New("port taken"); new(Env).NodeError(plain) != plain {
		t.Error("an error that is not about the configuration was changed")
	}
}

// A value that is well-formed and refused all the same is reported with the place
// that it comes from.
func TestRefusedWhere(t *testing.T) {
	const file = "[zre]\nname = filename\n\npeer = 10.0.0.1:5\npeer = h:5\n[zrecat]\nbufsize = 1G\n"
	for _, test := range []struct {
		env, flag, value string
		args             []string
		want             string
	}{
		{flag: "name", value: "filename", want: "mine:2: [zre] name: filename: is bad"},
		{flag: "peer", value: "tcp://h:5", want: "mine:5: [zre] peer: tcp://h:5: is bad"},
		{flag: "bufsize", value: "1G", want: "mine:7: [zrecat] bufsize: 1G: is bad"},
		{flag: "bufsize", value: "2G", args: []string{"--bufsize=2G"}, want: "--bufsize 2G: is bad"},
		{flag: "name", value: "n", args: []string{"-n", "n"}, env: "e", want: "--name n: is bad"},
		{flag: "name", value: "e", env: "e", want: "ZRENAME e: is bad"},
	} {
		w := world{files: map[string]string{"mine": file}, vars: map[string]string{"ZRECFG": "mine", "ZRENAME": test.env}}
		err := w.run(t, "zrecat", test.args...).env.Refuse(test.flag, test.value, "is bad")
		if err.Error() != test.want || Status(err) != ExitUsage {
			t.Errorf("%+v: status %d, %v", test, Status(err), err)
		}
	}
}

func TestUnclosedSection(t *testing.T) {
	r := world{files: map[string]string{"mine": "# c\n[zre]\n[zrecat\nname = x\n"}, vars: map[string]string{"ZRECFG": "mine"}}.run(t, "zrecat")
	if first, _, _ := strings.Cut(r.stderr, "\n"); first != "zrecat: mine:3: unclosed section: [zrecat (right: [SECTION] or KEY = VALUE)" || r.status != ExitUsage {
		t.Errorf("status %d: %s", r.status, r.stderr)
	}
}
