package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/gozre/zre/internal/lab"
)

// clinic is a host to be looked at, with a network in which a healthy node runs.
type clinic struct {
	t     *testing.T
	net   *lab.Switch
	host  *lab.Host // the one that is broken
	port  *lab.Port
	other *lab.Host
	dir   string
	files int // the limit of open files, 0 for that of the test
}

// newClinic makes the hosts at 10.36.0.1 and 10.36.0.2.
func newClinic(t *testing.T) *clinic {
	c := &clinic{t: t, net: lab.NewSwitch(t, "10.36.0.0/24", lab.Line{}), dir: t.TempDir()}
	c.host, c.other = lab.New(t), lab.New(t)
	c.port = c.net.Plug(c.host, "eth0")
	c.net.Plug(c.other, "eth0")
	return c
}

// key makes a key, and returns the name of its public half.
func (c *clinic) key(name string) string {
	c.t.Helper()
	file := filepath.Join(c.dir, name)
	dir, err := programs()
	if err != nil {
		c.t.Fatal(err)
	}
	c.host.Run(filepath.Join(dir, "zre"), "--keygen", file)
	return file
}

// public reads the public key in a file.
func (c *clinic) public(file string) string {
	c.t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		c.t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), `public-key = "`)
	key, _, _ := strings.Cut(rest, `"`)
	return key
}

// hold runs a program that holds ports of the host until the end of the test.
func (c *clinic) hold(listen func() error) {
	c.t.Helper()
	c.host.Inside(func() {
		if err := listen(); err != nil {
			c.t.Error(err)
		}
	})
}

func (c *clinic) holdTCP(from, to int) {
	c.hold(func() error {
		for p := from; p <= to; p++ {
			l, err := net.Listen("tcp", fmt.Sprintf(":%d", p))
			if err != nil {
				return err
			}
			c.t.Cleanup(func() { l.Close() })
		}
		return nil
	})
}

// holdUDP holds the beacon port without sharing it.
func (c *clinic) holdUDP() {
	c.hold(func() error {
		conn, err := net.ListenPacket("udp4", "0.0.0.0:5670")
		if err == nil {
			c.t.Cleanup(func() { conn.Close() })
		}
		return err
	})
}

// diagnosis is what zre doctor prints.
type diagnosis struct {
	OK       bool
	Findings []struct{ ID, What, Means, Type string }
	Facts    []struct{ About, What string }
}

// ids are the findings.
func (d diagnosis) ids() (ids []string) {
	for _, f := range d.Findings {
		ids = append(ids, f.ID)
	}
	return slices.Compact(ids)
}

// look runs the doctor on the host.
func (c *clinic) look(args ...string) diagnosis {
	c.t.Helper()
	var out bytes.Buffer
	p := start(c.t, c.host, &out, "zre", append([]string{"doctor", "--json"}, args...)...)
	if c.files > 0 {
		limit := &unix.Rlimit{Cur: uint64(c.files), Max: uint64(c.files)}
		if err := unix.Prlimit(p.cmd.Process.Pid, unix.RLIMIT_NOFILE, limit, nil); err != nil {
			c.t.Fatal(err)
		}
	}
	p.wait(0, 1)
	var d diagnosis
	if err := json.Unmarshal(out.Bytes(), &d); err != nil {
		c.t.Fatalf("%v: %s", err, out.String())
	}
	if status := p.cmd.ProcessState.ExitCode(); d.OK != (status == 0) || d.OK != (len(d.Findings) == 0) {
		c.t.Errorf("ok is %v, the status %d, and there are %d findings", d.OK, status, len(d.Findings))
	}
	return d
}

// patients are broken set-ups. Spoil breaks one and returns the flags for the doctor; want are
// the findings, all of them, and words are in the first one.
var patients = []struct {
	name  string
	spoil func(c *clinic) []string
	want  []string
	words []string
}{
	{"healthy", func(c *clinic) []string {
		startShell(c.t, c.other, "--name", "bob")
		return nil
	}, nil, nil},
	{"healthy with key and gossip", func(c *clinic) []string {
		key := c.key("lab")
		startServer(c, "--listen", "tcp://10.36.0.2:31337", "--key", key+"_secret")
		startShell(c.t, c.other, "--key", key+"_secret")
		return []string{"--key", key + "_secret", "-g", "10.36.0.2:31337|" + c.public(key)}
	}, nil, nil},
	{"interface down", func(c *clinic) []string {
		c.host.IP("link", "set", "eth0", "down")
		return nil
	}, []string{"interface-down", "loopback-only"}, []string{"eth0 is down", "ip link set eth0 up"}},
	{"no address", func(c *clinic) []string {
		c.host.WithoutIPv6()
		c.host.IP("addr", "flush", "dev", "eth0")
		return nil
	}, []string{"no-address", "loopback-only"}, []string{"eth0 has no address"}},
	{"loopback only", func(c *clinic) []string {
		c.host.IP("link", "del", "eth0")
		return nil
	}, []string{"loopback-only"}, []string{"no interface to a network"}},
	{"no such interface", func(c *clinic) []string { return []string{"-i", "wlan7"} },
		[]string{"interface-down", "node"}, []string{`no interface "wlan7"`}},
	{"no multicast flag", func(c *clinic) []string {
		c.host.IP("link", "set", "eth0", "multicast", "off")
		return nil
	}, []string{"no-multicast-flag"}, []string{"ip link set eth0 multicast on"}},
	{"beacon port held", func(c *clinic) []string { c.holdUDP(); return nil },
		[]string{"port-held"}, []string{"5670", "does not share", "e2e.test"}},
	{"own firewall drops beacons", func(c *clinic) []string {
		// No group can be joined, and no broadcast is for this host: as with a rule that drops both.
		c.host.WithoutIPv6()
		c.host.Run("sh", "-c", "echo 0 >/proc/sys/net/ipv4/igmp_max_memberships")
		c.host.IP("route", "del", "broadcast", "10.36.0.255", "table", "local")
		return nil
	}, []string{"beacons-blocked"}, []string{"eth0", "5670"}},
	{"multicast is not received", func(c *clinic) []string {
		c.host.WithoutIPv6()
		c.host.Run("sh", "-c", "echo 0 >/proc/sys/net/ipv4/igmp_max_memberships")
		return nil
	}, []string{"multicast-blocked"}, []string{"multicast does not come back on eth0"}},
	{"no route to the own network", func(c *clinic) []string {
		c.host.IP("route", "del", "broadcast", "10.36.0.255", "table", "local")
		c.host.IP("route", "del", "10.36.0.0/24")
		return nil
	}, []string{"send"}, []string{"broadcast cannot be sent on eth0", "unreachable", "ip rule"}},
	{"all TCP ports taken", func(c *clinic) []string { c.holdTCP(41000, 41100); return nil },
		[]string{"tcp-ports", "node"}, []string{"only 0 are free", "e2e.test", "--port-range"}},
	{"few descriptors", func(c *clinic) []string { c.files = 64; return nil }, []string{"descriptors"}, []string{"only 64 files", "ulimit -n"}},
	{"peer's firewall drops TCP", func(c *clinic) []string {
		c.net.Filter(lab.Deny(lab.OpensTCP, c.other))
		startShell(c.t, c.other)
		return nil
	}, []string{"peer"}, []string{"timed out", "41000 to 41100"}},
	{"own firewall drops TCP", func(c *clinic) []string {
		c.net.Filter(lab.Deny(lab.OpensTCP, c.host))
		startShell(c.t, c.other)
		return nil
	}, []string{"peer"}, []string{"neither greets nor connects", "this host's firewall"}},
	{"configured peer not there", func(c *clinic) []string { return []string{"--peer", "10.36.0.2:41000"} },
		[]string{"static"}, []string{"10.36.0.2:41000", "connection refused"}},
	{"configured peer without address", func(c *clinic) []string { return []string{"--peer", "no-such-host.invalid:41000"} },
		[]string{"static"}, []string{"no-such-host.invalid:41000", "cannot be resolved", "getent hosts"}},
	{"address of another network", func(c *clinic) []string {
		c.host.WithoutIPv6()
		c.other.WithoutIPv6()
		c.other.Run("ip", "address", "flush", "dev", "eth0")
		c.other.Run("ip", "address", "add", "10.99.0.2/24", "brd", "+", "dev", "eth0")
		startShell(c.t, c.other)
		return nil
	}, []string{"refused"}, []string{"10.99.0.2", "in no network of the interface", "--peer"}},
	{"no route to the peer", func(c *clinic) []string { return []string{"--peer", "10.99.0.1:41000"} },
		[]string{"static"}, []string{"unreachable", "ip route"}},
	{"nothing to find peers by", func(c *clinic) []string { return []string{"--no-beacon"} },
		[]string{"alone"}, []string{"--gossip or --peer"}},
	{"plain among secure", func(c *clinic) []string {
		startShell(c.t, c.other, "--key", c.key("lab")+"_secret")
		return nil
	}, []string{"refused"}, []string{"uses CURVE", "--key"}},
	{"secure among plain", func(c *clinic) []string {
		startShell(c.t, c.other)
		return []string{"--key", c.key("lab") + "_secret"}
	}, []string{"refused"}, []string{"does not use CURVE"}},
	{"key not trusted by us", func(c *clinic) []string {
		startShell(c.t, c.other, "--key", c.key("theirs")+"_secret", "--trust", "any")
		return []string{"--key", c.key("ours") + "_secret"}
	}, []string{"refused"}, []string{"not trusted", "--trust"}},
	{"key not trusted by them", func(c *clinic) []string {
		startShell(c.t, c.other, "--key", c.key("theirs")+"_secret")
		return []string{"--key", c.key("ours") + "_secret", "--trust", "any"}
	}, []string{"peer"}, []string{"does not trust our key", "--trust"}},
	{"key that others can read", func(c *clinic) []string {
		file := c.key("lab") + "_secret"
		c.host.Run("chmod", "644", file)
		return []string{"--key", file}
	}, []string{"key-mode"}, []string{"mode 0644", "chmod 600"}},
	{"no key file", func(c *clinic) []string { return []string{"--key", filepath.Join(c.dir, "lost")} },
		[]string{"key"}, []string{"cannot be read"}},
	{"nobody trusted", func(c *clinic) []string {
		dir := filepath.Join(c.dir, "trusted")
		if err := os.Mkdir(dir, 0o700); err != nil {
			c.t.Fatal(err)
		}
		return []string{"--key", c.key("lab") + "_secret", "--trust", dir}
	}, []string{"trust-empty"}, []string{"trusted"}},
	{"gossip server not there", func(c *clinic) []string { return []string{"-g", "10.36.0.2"} },
		[]string{"gossip"}, []string{"10.36.0.2:31337", "connection refused"}},
	{"no gossip server there", func(c *clinic) []string {
		startShell(c.t, c.other, "--port-range", "41000-41000", "--no-beacon")
		return []string{"--no-beacon", "-g", "10.36.0.2:41000"}
	}, []string{"gossip"}, []string{"no gossip server"}},
	{"gossip server does not trust us", func(c *clinic) []string {
		theirs := c.key("theirs")
		startServer(c, "--listen", "tcp://10.36.0.2:31337", "--key", theirs+"_secret")
		return []string{"--key", c.key("ours") + "_secret", "-g", "10.36.0.2:31337|" + c.public(theirs)}
	}, []string{"gossip"}, []string{"does not trust our key"}},
	{"gossip server with another key", func(c *clinic) []string {
		theirs, ours := c.key("theirs"), c.key("ours")
		startServer(c, "--listen", "tcp://10.36.0.2:31337", "--key", theirs+"_secret", "--trust", "any")
		return []string{"--key", ours + "_secret", "-g", "10.36.0.2:31337|" + c.public(ours)}
	}, []string{"gossip"}, []string{"another key"}},
}

// startServer starts a gossip server on the other host, and waits until it serves.
func startServer(c *clinic, args ...string) {
	c.t.Helper()
	p := start(c.t, c.other, nil, "zgossip_server", args...)
	eventually(c.t, "the gossip server is up", patience, func() bool { return p.says("gossip server is up") > 0 })
}

// quickPatients are those that are looked at always; the others take their time.
var quickPatients = []string{
	"healthy with key and gossip", "own firewall drops beacons", "beacon port held",
	"peer's firewall drops TCP", "plain among secure", "gossip server not there",
}

// TestDoctor: the doctor names what is wrong with each patient, and nothing else.
func TestDoctor(t *testing.T) {
	parallel(t)
	for _, p := range patients {
		if !full && !slices.Contains(quickPatients, p.name) {
			continue
		}
		t.Run(p.name, func(t *testing.T) {
			t.Parallel() // They wait most of the time.
			c := newClinic(t)
			d := c.look(p.spoil(c)...)
			if got := d.ids(); !slices.Equal(got, p.want) {
				t.Fatalf("findings %v, want %v\n%+v", got, p.want, d)
			}
			for _, f := range d.Findings {
				if f.What == "" || f.Means == "" || f.Type == "" {
					t.Errorf("incomplete: %+v", f)
				}
			}
			for _, word := range p.words {
				if f := d.Findings[0]; !strings.Contains(f.What+" "+f.Type, word) {
					t.Errorf("%q is not in %+v", word, f)
				}
			}
		})
	}
}
