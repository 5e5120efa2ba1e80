package core

import (
	"testing"
	"time"

	"github.com/gozre/zre/internal/codec/zremsg"
	"github.com/gozre/zre/internal/curve"
)

// Nodes join, leave groups, talk, leave, die, freeze, are cut off and come back; when
// the unrest ends there is one view again.
func TestSimulatedUnrest(t *testing.T) {
	seeds(t, 96, func(w *world, seed uint64) {
		unrest(w, seed, 300)
		w.healAll()
		w.run(100 * time.Second)
		w.checkOneView()
		w.run(time.Minute)
		w.checkQuiet()
	})
}

// unrest lets things happen to some nodes. What happens to them follows from the seed.
func unrest(w *world, seed uint64, steps int) {
	w.secure = seed%96 >= 48
	w.loss = 0.3
	attacks := seed%2 == 1
	w.anyAnswers = attacks
	if seed%3 == 0 {
		w.delay = 200 * time.Millisecond
	}
	for i := range 8 {
		w.start(w.random(), i+1, 41000)
	}
	number := uint64(0)
	for range steps {
		w.run(w.some(400 * time.Millisecond))
		n := w.nodes[w.rand.IntN(len(w.nodes))]
		other := w.nodes[w.rand.IntN(len(w.nodes))]
		if !n.alive {
			continue
		}
		if attacks && w.rand.IntN(4) == 0 {
			w.attack(n, other)
		}
		number++
		w.happen(n, other, number)
	}
}

// happen lets something happen to a node.
func (w *world) happen(n, other *simNode, number uint64) {
	host, port := int(n.addr.Addr().As4()[3]), n.addr.Port()
	group := []string{"g0", "g1", "g2", "g3", "g4"}[w.rand.IntN(5)]
	switch w.rand.IntN(28) {
	case 0:
		n.leave()
	case 1:
		n.kill()
	case 2: // the same UUID at a new port
		n.kill()
		w.start(n.id, host, port+1)
	case 3: // another UUID at the same port
		n.kill()
		w.start(w.random(), host, port)
	case 4: // the same UUID at the same port
		n.kill()
		w.start(n.id, host, port)
	case 5:
		w.start(w.random(), len(w.nodes)+1, 41000)
	case 6, 7, 8:
		n.core.Join(group)
	case 9, 10, 11:
		n.core.Leave(group)
	case 12: // a message is lost
		n.core.Peers(func(p *Peer) { p.Link().(*simLink).seq++ })
	case 13: // the host is switched off, and on again
		n.powerOff()
		w.after(w.some(20*time.Second), func() {
			if w.listens[n.addr] == nil {
				w.start(w.random(), host, port)
			}
		})
	case 14:
		if !n.frozen {
			n.freezeFor(w.some(20 * time.Second))
		}
	case 15, 16: // one way, or both
		w.cutLine(n.host(), other.host())
		if w.rand.IntN(2) == 0 {
			w.cutLine(other.host(), n.host())
		}
	case 17, 18:
		w.heal(n.host(), other.host())
	case 19: // a connection breaks
		if len(n.accepts) > 0 {
			n.accepts[w.rand.IntN(len(n.accepts))].breaks()
		}
	default:
		n.whisper(other.id, number)
	}
}

// attack lets a node do what a stranger may do, and in a secure network a trusted one.
func (w *world) attack(n, other *simNode) {
	switch w.rand.IntN(4) {
	case 0:
		n.forge(other.id, 0, other.key)
	case 1:
		n.forge(w.random(), other.addr.Port(), n.key)
	case 2:
		n.forge(other.id, 9, other.key)
	case 3:
		third := w.nodes[w.rand.IntN(len(w.nodes))]
		same := w.secure && n.key == other.key // Then it is the same node, as far as one can tell.
		if n.id != other.id && third.id != other.id && third.id != n.id && !same {
			w.impersonate(n, other, third)
		}
	}
}

// forge sends a beacon from the node's host that is none of its own.
func (n *simNode) forge(id [16]byte, port uint16, key curve.Key) {
	for _, to := range n.w.nodes {
		if to != n && !to.frozen && !n.w.isCut(n.host(), to.host()) {
			to.do(func() { to.hear(id, n.host(), port, key) })
		}
	}
}

// stranger is the owner of a connection that is used for an attack.
type stranger struct{}

func (stranger) up()        {}
func (stranger) retry(bool) {}
func (stranger) down()      {}

// impersonate lets a node connect to another one with the identity of a third one,
// say something, and go away.
func (w *world) impersonate(n, victim, to *simNode) *simDial {
	w.logf("%s connects to %s as %s", n.name, to.name, victim.name)
	d := n.dial(to.endpoint(), stranger{})
	d.id = identity(victim.id)
	var m zremsg.Message = &zremsg.Whisper{Sequence: 2}
	if w.rand.IntN(2) == 0 {
		m = &zremsg.Hello{
			Sequence: 1, Endpoint: n.endpoint().String(), Name: "stranger",
			Headers: map[string]string{KeyHeader: n.key.String()},
		}
	}
	header, err := m.AppendTo(nil)
	if err != nil {
		w.t.Fatal(err)
	}
	d.send(simMessage{frames: [][]byte{header, {0, 0, 0, 0, 0, 0, 0, 0}}})
	w.after(w.some(5*time.Second), d.close)
	return d
}
