package main

import (
	"context"
	"encoding/json"
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
		return writeJSON(env.Stdout, tuples)
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

// entry is one tuple as a JSON object.
type entry struct {
	UUID      string  `json:"uuid,omitempty"` // lower case, with dashes
	Key       string  `json:"key,omitempty"`  // only where it is no UUID
	Endpoint  string  `json:"endpoint"`
	PublicKey string  `json:"public_key,omitempty"`
	TTL       float64 `json:"ttl,omitempty"` // seconds; none means no end
}

func entryOf(t zgossip.Tuple) entry {
	e := entry{Endpoint: t.Endpoint, PublicKey: t.PublicKey, TTL: t.TTL.Seconds()}
	if t.UUID != uuid.Nil {
		e.UUID = t.UUID.String()
	} else {
		e.Key = t.Key
	}
	return e
}

func writeJSON(w io.Writer, tuples []zgossip.Tuple) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	for _, t := range tuples {
		if err := enc.Encode(entryOf(t)); err != nil {
			return err
		}
	}
	return nil
}

func writeTable(w io.Writer, tuples []zgossip.Tuple) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "NODE\tENDPOINT\tTTL\tPUBLIC KEY")
	for _, t := range tuples {
		e := entryOf(t)
		ttl := "-"
		if t.TTL > 0 {
			ttl = t.TTL.Round(time.Second).String()
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", visible.String(e.UUID+e.Key), visible.String(e.Endpoint), ttl, visible.String(e.PublicKey))
	}
	return table.Flush()
}
