package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/netip"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/google/uuid"

	"github.com/gozre/zre/cmd/internal/cli"
	"github.com/gozre/zre/cmd/internal/eventjson"
	"github.com/gozre/zre/cmd/internal/visible"
	"github.com/gozre/zre/zgossip"
	"github.com/gozre/zre/zre/keys"
)

// dumpTimeout is how long a server has to answer.
const dumpTimeout = 5 * time.Second

func dump(ctx context.Context, env *cli.Env, o *options, args []string) error {
	secret, _, err := o.keys.Load(env)
	if err != nil {
		return err
	}
	var address string
	switch {
	case len(args) == 1:
		if address, err = env.WithKey("dump", args[0]); err != nil {
			return err
		}
	case secret == "":
		address = ownAddress(o.addresses()[0])
	default:
		public, err := keys.Public(secret)
		if err != nil {
			return err
		}
		address = ownAddress(o.addresses()[0]) + "|" + public
	}
	ctx, cancel := context.WithTimeout(ctx, dumpTimeout)
	defer cancel()
	tuples, err := zgossip.Dump(ctx, zgossip.DumpConfig{Transport: o.transport, Server: address, SecretKey: secret})
	if err != nil {
		return usage(env, err)
	}
	if o.json {
		return writeJSON(env.Stdout, tuples, time.Now())
	}
	return writeTable(env.Stdout, tuples)
}

// ownAddress is where a server that listens there is reached from this machine.
func ownAddress(listen string) string {
	loopback := "//127.0.0.1:"
	if !hasIPv4() {
		loopback = "//[::1]:"
	}
	return strings.NewReplacer("//*:", loopback, "//0.0.0.0:", "//127.0.0.1:", "//[::]:", "//[::1]:").Replace(listen)
}

// hasIPv4 reports whether the machine has the loopback address of IPv4, or cannot tell.
func hasIPv4() bool {
	addrs, err := net.InterfaceAddrs()
	return err != nil || slices.ContainsFunc(addrs, func(a net.Addr) bool {
		prefix, err := netip.ParsePrefix(a.String())
		return err == nil && prefix.Addr().Is4() && prefix.Addr().IsLoopback()
	})
}

// tupleOf is a tuple as a JSON object.
func tupleOf(t zgossip.Tuple, now time.Time) eventjson.Tuple {
	o := eventjson.Tuple{Event: "TUPLE", Time: eventjson.Time(now), Endpoint: t.Endpoint, PublicKey: t.PublicKey}
	if t.TTL > 0 {
		ttl := eventjson.Milliseconds(t.TTL)
		o.TTL = &ttl
	}
	if t.UUID != uuid.Nil {
		o.UUID = t.UUID.String()
	} else {
		o.Key = t.Key
	}
	return o
}

func writeJSON(w io.Writer, tuples []zgossip.Tuple, now time.Time) error {
	for _, t := range tuples {
		if _, err := fmt.Fprintln(w, eventjson.Line(tupleOf(t, now))); err != nil {
			return err
		}
	}
	return nil
}

func writeTable(w io.Writer, tuples []zgossip.Tuple) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "NODE\tENDPOINT\tTTL\tPUBLIC KEY")
	for _, t := range tuples {
		e := tupleOf(t, time.Time{})
		ttl := "-"
		if t.TTL > 0 {
			ttl = t.TTL.Round(time.Second).String()
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", visible.String(e.UUID+e.Key), visible.String(e.Endpoint), ttl, visible.String(e.PublicKey))
	}
	return table.Flush()
}
