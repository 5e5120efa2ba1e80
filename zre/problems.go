package zre

import (
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/gozre/zre/internal/transport"
	"github.com/gozre/zre/zre/internal/core"
	"github.com/gozre/zre/zre/internal/engine"
	"github.com/gozre/zre/zre/internal/problems"
	"github.com/gozre/zre/zre/internal/trust"
)

// ProblemKind is what a [Problem] is about.
type ProblemKind string

// The kinds of problems.
const (
	// ProblemPeer is a node that announces itself by beacons or gossip, and that cannot be
	// reached, or does not reach this node. It is no peer until both directions work.
	ProblemPeer ProblemKind = "peer"
	// ProblemStatic is an endpoint of Discovery.Peers that cannot be reached, or whose name
	// cannot be resolved.
	ProblemStatic ProblemKind = "static"
	// ProblemRefused is a node that is left out: because of its key, because it has none, or
	// because it has one and this node does not; because of its version of the protocol; or
	// because its address is in no network of the interface at which its beacons come.
	ProblemRefused ProblemKind = "refused"
	// ProblemGossip is a server of Discovery.Gossip that cannot be used.
	ProblemGossip ProblemKind = "gossip"
	// ProblemBeacon says that this node's own beacons do not come back to it, so that it
	// most likely hears nobody, and nobody hears it.
	ProblemBeacon ProblemKind = "beacon"
	// ProblemInterface is an interface of Discovery.Interfaces that is not there. It is waited
	// for.
	ProblemInterface ProblemKind = "interface"
	// ProblemAlone says that this node has no way to find others: no beacons, no gossip
	// server, and no configured peer.
	ProblemAlone ProblemKind = "alone"
)

// Problem is something that keeps the node from other nodes.
type Problem struct {
	Kind      ProblemKind
	Where     string    // the address, gossip server or interface that it is about
	Peer      uuid.UUID // uuid.Nil if it is not known, or if it is about no peer
	PublicKey string    // of the peer, "" if it has none or if it is not known
	Cause     string    // the likely cause, in words
	Advice    string    // what to do
	Since     time.Time
}

// Problems returns what keeps the node from other nodes now, the oldest first; nothing if
// all is well, or after Close. At most 256 are listed, and 16 about one host.
//
// The Logger gets a warning when such a problem has lasted for 3 s, or at once if it does
// not go away by itself, and another one when it is over. How many of these lines there are
// in a time is bounded, since other hosts can cause them.
func (n *Node) Problems() []Problem {
	if n.closing.Load() {
		return nil
	}
	all := n.problems.All()
	list := make([]Problem, 0, len(all))
	for _, p := range all {
		list = append(list, Problem{
			Kind: ProblemKind(p.Kind), Where: p.Where, Peer: p.Peer, PublicKey: p.Public,
			Cause: p.Cause, Advice: p.Advice, Since: p.Since,
		})
	}
	return list
}

// newProblems makes the list of problems of a node. Its sources are asked only after open.
func (n *Node) newProblems() *problems.List {
	return problems.New(problems.Config{
		Logger: n.log, Solved: n.isSolved,
		Sources: []problems.Source{
			n.aloneProblem,
			func(now time.Time) []problems.Problem { return n.discovery.Problems(now) },
			n.peerProblems,
		},
	})
}

// isSolved reports whether a problem that is not present any more was solved.
func (n *Node) isSolved(p problems.Problem) bool {
	switch p.Kind {
	case problems.Peer, problems.Refused:
		return p.Peer != uuid.Nil && n.engine.Link(p.Peer) != nil || p.Public != "" && n.hasKey(p.Public)
	}
	return true // The others are present as long as they last.
}

// hasKey reports whether a peer has this key.
func (n *Node) hasKey(key string) (has bool) {
	n.engine.Inspect(func(c *core.Core) {
		c.Peers(func(p *core.Peer) { has = has || p.Key().String() == key })
	})
	return has
}

// aloneProblem says that there is no way to find others, as long as nobody has come.
func (n *Node) aloneProblem(time.Time) []problems.Problem {
	d := &n.cfg.Discovery
	if !d.NoBeacon || len(d.Gossip)+len(d.Peers) > 0 || d.GossipBind != "" {
		return nil
	}
	ready := 0
	n.engine.Inspect(func(c *core.Core) { ready = c.Ready() })
	if ready > 0 {
		return nil
	}
	return []problems.Problem{{
		Key: "alone", Kind: problems.Alone, Where: n.Endpoint(), Lasting: true,
		Cause:  "beacons are turned off, and neither a gossip server nor a peer is configured",
		Advice: "name one with --gossip or --peer, or do without --no-beacon; others can name this node with --peer",
	}}
}

// connectTime is how long a peer has to accept a connection, and then to greet, before that
// is a problem; half of the DeadPeriod, if that is shorter: then it is forgotten.
const connectTime = 3 * time.Second

// peerProblems says which peers are not reached, and why.
func (n *Node) peerProblems(now time.Time) (all []problems.Problem) {
	wait := min(connectTime, n.cfg.Timing.DeadPeriod/2)
	for _, u := range n.engine.Unreached() {
		reach := problems.Reach{
			Err: u.Err, Up: u.Up, Hello: u.Hello, Other: u.Other, Port: n.port, Key: n.trust.Public().String(),
		}
		switch {
		case u.Since.IsZero(): // It is in the configuration.
		case u.Up && u.Other == 0 && now.Sub(u.Since) < wait:
			continue
		case !u.Up && u.Err == nil && now.Sub(u.Since) >= wait && now.Sub(u.Dialed) >= wait/3:
			reach.Err = transport.ErrTimeout // The attempt still runs.
		}
		cause, advice, lasting := reach.Explain()
		if cause == "" || !lasting && !u.Announced && !u.Static {
			continue
		}
		p := peerProblem(u, cause, advice, lasting)
		p.Class = reach.Class()
		all = append(all, p)
	}
	return all
}

func peerProblem(u engine.Unreached, cause, advice string, lasting bool) problems.Problem {
	p := problems.Problem{
		Key: "peer " + u.Peer.String(), Kind: problems.Peer, Where: u.At.Addr.String(), Peer: u.Peer,
		Host: u.At.Host().String(), Cause: cause, Advice: advice, Since: u.Since, Lasting: lasting,
	}
	if !u.At.Key.IsZero() {
		p.Public = u.At.Key.String()
	}
	if u.Static {
		// Its UUID may change; who configured it knows its address.
		p.Key, p.Kind, p.Host = "static "+p.Where, problems.Static, ""
		if u.HostPort != "" {
			p.Key = "static " + u.HostPort
			if p.Where = u.HostPort; u.Unresolved == nil {
				p.Where = fmt.Sprintf("%s (%s)", u.HostPort, u.At.Addr)
			}
		}
	}
	return p
}

// refused handles that a node was left out because of its key.
func (n *Node) refused(r trust.Refusal) {
	n.log.Debug(r.What+" of a node that is left out", "from", r.From, "cause", r.Cause, "key", r.Key)
	p := problems.Problem{
		Key: "refused " + r.From, Kind: problems.Refused, Where: r.From, Host: r.Host, Peer: r.Peer,
		Cause: r.Cause.Error(), Lasting: true,
	}
	switch { // A host may have several addresses.
	case !r.Key.IsZero():
		p.Public = r.Key.String()
		p.Key = "refused " + p.Public
	case r.Peer != uuid.Nil:
		p.Key = "refused " + r.Peer.String()
	}
	switch {
	case errors.Is(r.Cause, trust.ErrPlain):
		p.Advice = "start it with --key too"
	case errors.Is(r.Cause, trust.ErrSecure):
		p.Advice = "start this node with --key too"
	default:
		p.Advice = "if it belongs to the network, name a file with its public key: --trust"
	}
	if r.What == "gossip" {
		p.Holds = time.Minute // A server tells of a node once, and when something changes.
	}
	n.problems.Report(time.Now(), p)
}
