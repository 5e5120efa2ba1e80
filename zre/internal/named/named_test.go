package named

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/gozre/zre/internal/curve"
	"github.com/gozre/zre/internal/hostname"
)

const limit = 30 * time.Second

// asker is a node that wants the address of its peer as long as it says so.
type asker struct {
	added chan string
	told  chan string
	wants chan bool // one for each look-up that may be
}

func newAsker() *asker {
	return &asker{make(chan string, 10), make(chan string, 10), make(chan bool, 10)}
}

func (a *asker) AddNamed(hostPort string, _ curve.Key) { a.added <- hostPort }

func (a *asker) WantsAddress(string) bool {
	select {
	case w := <-a.wants:
		return w
	default:
		return false
	}
}

func (a *asker) SetAddresses(_ string, addrs []netip.AddrPort, err error) {
	a.told <- fmt.Sprint(addrs, " ", err)
}

func want(t *testing.T, c <-chan string, text string) {
	t.Helper()
	select {
	case got := <-c:
		if got != text {
			t.Fatalf("got %q, want %q", got, text)
		}
	case <-time.After(limit):
		t.Fatalf("waited in vain for %q", text)
	}
}

// A name is looked up while its peer is not there, once if it is given twice.
func TestLookups(t *testing.T) {
	a := newAsker()
	fails := true
	lookup := func(_ context.Context, _, host string) ([]netip.Addr, error) {
		if fails {
			fails = false
			return nil, errors.New("no such host")
		}
		return []netip.Addr{netip.MustParseAddr("fd00::2"), netip.MustParseAddr("10.0.0.2")}, nil
	}
	n := start(a, lookup, []Peer{{HostPort: "robot:41000"}, {HostPort: "robot:41000"}}, time.Millisecond)
	defer n.Close()
	want(t, a.added, "robot:41000")
	const both = "[10.0.0.2:41000 [fd00::2]:41000] <nil>"
	for _, text := range []string{`[] "robot" cannot be resolved: no such host`, both} {
		a.wants <- true
		want(t, a.told, text)
	}
	a.wants <- false
	a.wants <- true
	want(t, a.told, both)
	if len(a.added) > 0 {
		t.Error("the peer was added twice")
	}
}

// Close ends a look-up that has no answer.
func TestCloseDuringALookup(t *testing.T) {
	a := newAsker()
	a.wants <- true
	asked := make(chan struct{})
	lookup := func(ctx context.Context, _, host string) ([]netip.Addr, error) {
		close(asked)
		<-ctx.Done()
		return nil, ctx.Err()
	}
	n := Start(a, hostname.Lookup(lookup), []Peer{{HostPort: "robot:41000"}})
	<-asked
	n.Close()
	if len(a.told) > 0 {
		t.Errorf("the node was told %q", <-a.told)
	}
	var none *Names
	none.Close()
}
