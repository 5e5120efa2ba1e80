package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/gozre/zre/cmd/internal/cli"
	"github.com/gozre/zre/zgossip"
)

func main() { os.Exit(cli.Main(program())) }

func program() cli.Program {
	o := newOptions()
	return cli.Program{
		Name:  "zgossip_server",
		Args:  "[ADDRESS]",
		Short: "let ZRE nodes find each other where multicast does not reach",
		Long: `zgossip_server keeps the address of every ZRE node that is connected to it, and
tells each node of all the others. Nodes are given its address with --gossip.
It serves the nodes of this project, zyre's and haskell-zre's at the same time.

Servers that are connected (--connect) exchange what they know, in any topology,
rings included. A node that leaves, or whose connection is lost for longer than
--grace, is forgotten; a server that is started again learns of its nodes again as
soon as they have connected to it.

With --key it serves those that it trusts, over CURVE only; they give its public
key behind its address: --gossip HOST:PORT|KEY, or --connect for servers. It can
still --connect to servers without a key, which have none behind theirs. The
addresses and public keys of nodes are no secret on networks with beacons; this
is for servers that strangers can reach. The files of --trust are read again when
they change; connections of keys that are not in them any more are closed.

On SIGHUP (systemctl reload) it reads zre.conf and its secret key again. It uses a new
key for new connections, and refuses clients that expect the old one; connections that
exist go on, unless their own key is not trusted any more. It also uses connect, trust,
debug, and all limits and times but max-message. The log says what else has changed,
which is used at the next start. The first line of the log says how the server listens,
whom it trusts and what it will not do.

With --dump it asks a running server, of any implementation, what it knows, prints
that, and ends. ADDRESS is HOST:PORT of that server; without it, it is the port
that this program would listen to, on this machine.`,
		Example: `  zgossip_server                                      port 31337, all interfaces
  zgossip_server --listen tcp://10.0.0.1:31337 --connect other.example.org
  zgossip_server --metrics 127.0.0.1:9100 --log-format json
  zgossip_server --key lab_secret                     for nodes that have this key
  zgossip_server --dump gossip.example.org            what does it know?
  zre --gossip gossip.example.org                     a node that uses it`,
		Manual: []cli.Section{{Title: "Monitoring", Body: `With --metrics, /metrics has the server's counters for Prometheus, and /healthz
says 200 while the server works. Everybody who can reach that port can read both, so
bind it to an address of a network you trust. dashboard.json, beside
zre.conf in the documentation, shows them in Grafana.`}},
		Statuses: `0  it was asked to end, and did; or the dump is complete
1  it failed, or the server to dump did not answer
2  the command line or zre.conf makes no sense`,
		LogFormat: true, LogLevel: slog.LevelInfo, Reload: true,
		Flags:      o.register,
		Positional: o.arguments,
		Run: func(ctx context.Context, env *cli.Env, args []string) error {
			if o.dump {
				return dump(ctx, env, o, args)
			}
			if o.json {
				return cli.Usagef("--json is the form of a --dump; the log has --log-format")
			}
			return run(ctx, env, o)
		},
	}
}

// options are the flags of zgossip_server.
type options struct {
	listen, connect            []string
	port                       port
	metrics                    string
	dump, json                 bool
	keys                       cli.KeyFlags
	idle, grace, slow          cli.Seconds
	message, sendQueue         cli.Size
	clients, tuples, perClient number
	keyLength, valueLength     number
	transport                  string
}

// newOptions has the defaults of zgossip.ServerConfig in it, so that --help and the
// configuration show them; a test holds the two together.
func newOptions() *options {
	return &options{
		port: zgossip.DefaultPort,
		idle: cli.Seconds(5 * time.Second), grace: cli.Seconds(3 * time.Second), slow: cli.Seconds(5 * time.Second),
		message: 64 << 10, clients: 4096, tuples: 65536, perClient: 16384,
		keyLength: 64, valueLength: 128, sendQueue: 64 << 10,
	}
}

func (o *options) register(fs *pflag.FlagSet) {
	fs.Var(cli.List(&o.listen, "IP:PORT"), "listen", "serve at this address, * for any IP; may be repeated (default tcp://*:PORT)")
	fs.Var(&o.port, "port", "the port, where --listen does not say one")
	fs.Var(cli.List(&o.connect, "HOST:PORT"), "connect", "exchange tuples with this server (one with a key: HOST:PORT|KEY, or a file with the key in place of it); may be repeated")
	o.keys.Register(fs, "serve clients over CURVE only", "clients")
	cli.MetricsFlag(fs, &o.metrics)
	fs.StringVar(&o.metrics, "http", "", "the former name of --metrics: `IP:PORT`")
	fs.Lookup("http").Hidden = true
	fs.Var(&o.idle, "idle-timeout", "forget a client that has sent PINGs and falls silent for this long")
	fs.Var(&o.grace, "grace", "keep tuples for this long after the connection of their client was lost")
	fs.Var(&o.slow, "slow-timeout", "close the connection of a client that does not read for this long")
	fs.Var(&o.message, "max-message", "refuse larger messages")
	fs.Var(&o.clients, "max-clients", "refuse more clients")
	fs.Var(&o.tuples, "max-tuples", "refuse more tuples")
	fs.Var(&o.perClient, "max-tuples-per-client", "refuse more tuples of one client")
	fs.Var(&o.keyLength, "max-key", "refuse longer keys, in octets (32 to 255)")
	fs.Var(&o.valueLength, "max-value", "refuse longer values, in octets (24 to 4096)")
	fs.Var(&o.sendQueue, "send-queue", "how much may wait for a client that does not read (from 4K)")
	fs.StringVar(&o.transport, "transport", "zmtp", "`NAME` of the transport: zmtp, tcp (TCP also within this host), or libzmq where that is built in")
	fs.BoolVar(&o.dump, "dump", false, "print the tuples of a running server, and end")
	fs.BoolVar(&o.json, "json", false, "print them as JSON, one object a line")
	cli.CommandLineOnly(fs, "dump", "json")
}

func (o *options) arguments(_ *cobra.Command, args []string) error {
	switch {
	case len(args) > 1:
		return cli.Usagef("one server at a time, but there are %d: %s", len(args), strings.Join(args, ", "))
	case len(args) == 1 && !o.dump:
		return cli.Usagef("%q: an address stands behind --dump only (right: --listen tcp://IP:PORT to serve there)", args[0])
	}
	return nil
}

// config is the configuration of the server.
func (o *options) config(env *cli.Env) (zgossip.ServerConfig, error) {
	secret, trusted, err := o.keys.Load(env)
	if err == nil && o.transport == "mem" {
		err = env.Refuse("transport", o.transport, "reaches only programs of the same process")
	}
	cfg := zgossip.ServerConfig{
		SecretKey: secret, TrustedKeys: trusted, Listen: o.addresses(),
		MaxMessageSize: int64(o.message), Transport: o.transport, Logger: env.Log,
	}
	return cfg, cmp.Or(err, o.live(env, &cfg))
}

// live sets what can change while the server runs: see liveSettings.
func (o *options) live(env *cli.Env, cfg *zgossip.ServerConfig) error {
	cfg.Connect = make([]string, 0, len(o.connect))
	for _, address := range o.connect {
		keyed, err := env.WithKey("connect", address)
		if err != nil {
			return err
		}
		cfg.Connect = append(cfg.Connect, keyed)
	}
	cfg.MaxClients, cfg.MaxTuples, cfg.MaxTuplesPerClient = int(o.clients), int(o.tuples), int(o.perClient)
	cfg.MaxKeyLength, cfg.MaxValueLength = int(o.keyLength), int(o.valueLength)
	cfg.SendQueue = int(min(o.sendQueue, math.MaxInt32))
	cfg.IdleTimeout, cfg.Grace = time.Duration(o.idle), time.Duration(o.grace)
	cfg.SlowTimeout = time.Duration(o.slow)
	return nil
}

// addresses are those to listen to, with --port where no port is said.
func (o *options) addresses() []string {
	if len(o.listen) == 0 {
		return []string{"tcp://*:" + o.port.String()}
	}
	list := make([]string, 0, len(o.listen))
	for _, a := range o.listen {
		host := strings.TrimPrefix(a, "tcp://")
		if !strings.Contains(host, ":") || strings.HasSuffix(host, "]") {
			a = "tcp://" + host + ":" + o.port.String()
		}
		list = append(list, a)
	}
	return list
}

// usage says what the library refused in the words of the flags.
func usage(env *cli.Env, err error) error {
	if listen, ok := errors.AsType[*zgossip.ListenError](err); ok {
		return fmt.Errorf("%w: --port or --listen", listen)
	}
	bad, ok := errors.AsType[*zgossip.ConfigError](err)
	if !ok {
		return err
	}
	flags := map[string]string{
		"Listen": "listen", "Connect": "connect", "MaxMessageSize": "max-message", "MaxClients": "max-clients",
		"MaxTuples": "max-tuples", "MaxTuplesPerClient": "max-tuples-per-client", "MaxKeyLength": "max-key",
		"SecretKey": "key", "TrustedKeys": "trust", "MaxValueLength": "max-value", "SendQueue": "send-queue",
		"IdleTimeout": "idle-timeout", "Grace": "grace", "SlowTimeout": "slow-timeout", "Transport": "transport",
	}
	flag, ok := flags[bad.Field]
	if !ok {
		return cli.Usagef("%v: %s", bad.Value, bad.Reason)
	}
	return env.Refuse(flag, bad.Value, strings.ReplaceAll(bad.Reason, "SecretKey", "--key"))
}

// number is a whole number above 0.
type number int

func (n *number) String() string { return strconv.Itoa(int(*n)) }

// Type is the name of the value in the help text.
func (n *number) Type() string { return "N" }

// Set reads the value.
func (n *number) Set(text string) error {
	v, err := strconv.ParseUint(text, 10, 31)
	if err != nil || v == 0 {
		return errors.New("not a whole number above 0")
	}
	*n = number(v)
	return nil
}

// port is a port number.
type port uint16

func (p *port) String() string { return strconv.Itoa(int(*p)) }

// Type is the name of the value in the help text.
func (p *port) Type() string { return "PORT" }

// Set reads the value.
func (p *port) Set(text string) error {
	v, err := strconv.ParseUint(text, 10, 16)
	if err != nil || v == 0 {
		return fmt.Errorf("not a port (right: a number from 1 to 65535)")
	}
	*p = port(v)
	return nil
}
