package webmap

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/gozre/zre/cmd/internal/cli"
	"github.com/gozre/zre/cmd/internal/eventjson"
	"github.com/gozre/zre/cmd/zre/internal/watch"
	"github.com/gozre/zre/zre"
)

// options are the flags of "zre map".
type options struct {
	watch.Flags
	listen string
	remote bool
}

// Command is "zre map".
func Command(group string) cli.Program {
	flags, o := cli.NewNodeFlags(), &options{}
	return cli.Program{
		Name: "map", Args: "[GROUP...]", Group: group, Node: flags, Beside: true,
		Short: "show the network on a page, live",
		Long: `zre map starts a node, and serves a page that shows what the node knows: the peers, their
groups, and its own links with rates and round trips, live. It prints the address of the page, and
ends with Ctrl-C. Links between other nodes are not known to a node, so the page does not show them.

The page is in the program; it asks for nothing from elsewhere. The address has a token: only who
knows it sees the page. With GROUP or --all-groups the node joins groups, and the page shows the rates
of what is said in them. Without, the node is in no group and shells do not print that it came.`,
		Example: `  zre map
  zre map chat                                 with the rates of what is said in chat
  zre map --listen 127.0.0.1:8080              a port of your choice
  xdg-open "$(zre map --json | jq --unbuffered -r .url | head -1)"`,
		Statuses: `0  it was ended by a signal, or --timeout passed
1  it failed
2  the command line or zre.conf makes no sense`,
		Positional: func(_ *cobra.Command, args []string) error { return watch.CheckGroups(args) },
		Flags: func(fs *pflag.FlagSet) {
			fs.StringVar(&o.listen, "listen", "127.0.0.1:0", "serve at this `ADDRESS`, IP:PORT; port 0: any free one")
			fs.BoolVar(&o.remote, "allow-remote", false,
				"let --listen name an address that other hosts reach; what they send and see is not encrypted")
			o.Register(fs, "print the address as JSON; zre(7) describes it")
		},
		Run: func(ctx context.Context, env *cli.Env, args []string) error {
			return run(ctx, env, flags, o, args)
		},
	}
}

func run(ctx context.Context, env *cli.Env, flags *cli.NodeFlags, o *options, groups []string) (err error) {
	listener, err := o.open(env)
	if err != nil {
		return err
	}
	server, err := newServer(listener, env.Log)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	defer func() { err = errors.Join(err, server.stop()) }()
	return o.Flags.Run(ctx, env, flags, groups, func(ctx context.Context, node *zre.Node, opts watch.Options) error {
		if err := o.announce(env, server); err != nil {
			return err
		}
		watch.Run(ctx, node, opts, server.hub.publish)
		return nil
	})
}

// announce prints the address.
func (o *options) announce(env *cli.Env, s *server) error {
	host, _, err := net.SplitHostPort(s.listen.Addr().String())
	if err != nil {
		return err
	}
	if a, err := netip.ParseAddr(host); err == nil && a.IsUnspecified() {
		host = "127.0.0.1"
	}
	if o.JSON {
		_, err = fmt.Fprintln(env.Stdout, eventjson.Line(eventjson.Map{Event: "MAP", Time: eventjson.Time(time.Now()), URL: s.url(host)}))
		return err
	}
	_, err = fmt.Fprintf(env.Stdout, "%s\n", s.url(host))
	if err == nil && cli.IsTerminal(env.Stdout) {
		_, err = fmt.Fprintln(env.Stderr, "zre map: open this address in a browser; Ctrl-C ends it")
	}
	return err
}

// open listens at --listen.
func (o *options) open(env *cli.Env) (net.Listener, error) {
	host, _, err := net.SplitHostPort(o.listen)
	if err != nil {
		return nil, env.Refuse("listen", o.listen, "not an address with a port (right: 127.0.0.1:8080)")
	}
	ip, err := netip.ParseAddr(host)
	switch {
	case host == "localhost":
	case err != nil && host != "":
		return nil, env.Refuse("listen", o.listen, "not an IP address (right: 127.0.0.1:8080)")
	case !ip.Unmap().IsLoopback() && !o.remote:
		return nil, env.Refuse("listen", o.listen,
			"other hosts reach this address, and the page is not encrypted; --allow-remote allows it (right: 127.0.0.1:8080)")
	}
	listener, err := net.Listen("tcp", o.listen)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("%s: another program listens there: stop it, or choose another port", o.listen)
	}
	return listener, err
}
