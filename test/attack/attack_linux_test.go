package attack

import (
	"context"
	"fmt"
	"net/netip"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/gozre/zre/zre"
)

// row is one attack.
type row struct {
	name   string
	attack func(a *attacker)
	short  bool // part of the normal tests
	files  int  // descriptors that the victim may have; 0: as usual
}

var rows = []row{
	{"none", func(a *attacker) { <-a.ctx.Done() }, true, 0},
	{"100 HELLOs of 10,000 groups", (*attacker).hugeHellos, true, 0},
	{"one peer begins 10,000 sessions a second", (*attacker).restarts, true, 0},
	{"new peers come and go, 500 a second", (*attacker).comeAndGo, false, 0},
	{"beacons that name a third party", (*attacker).reflection, false, 0},
	{"10,000 beacons a second", (*attacker).floodBeacons, false, 0},
	{"an honest peer is said to leave, and its identity is taken", (*attacker).leaves, true, 0},
	{"3,000 half greetings", (*attacker).halfGreetings, false, 0},
	{"1,500 connections without HELLO", (*attacker).mute, false, 0},
	{"10 messages of 40 MB before HELLO", (*attacker).endless, false, 0},
	{"30 peers begin messages of 200 MB and do not end them", (*attacker).halfMessages, false, 0},
	{"one peer asks for 6 MB of answers and acknowledges none", (*attacker).reader, false, 0},
	{"500 connections, where 64 descriptors are allowed", (*attacker).descriptors, false, 64},
	{"20,000 gossip tuples of random servers", (*attacker).origins, false, 0},
	{"400 resets a second at the gossip server", (*attacker).resets, false, 0},
}

// result is what a row has measured.
type result struct {
	name    string
	memory  int64
	cpu     float64 // of one core
	files   int
	echoes  float64 // a second
	slowest time.Duration
	exits   int // of the honest pair, at both ends
	told    int // EXIT events at the victim
	dials   int // to a third party
}

// ports are the UDP ports of the rows, so that they do not hear each other.
var nextPort atomic.Int32

// TestAttacks runs the attacks, all of them with ZRE_ATTACK=full, and prints the table. The
// honest pair must go on without the end of a session, within memory and descriptors that do
// not grow with the attack. Times are printed, and not judged.
func TestAttacks(t *testing.T) {
	full := os.Getenv("ZRE_ATTACK") == "full"
	length := 3 * time.Second
	if full {
		length = 10 * time.Second
	}
	var results []result
	for _, r := range rows {
		if !full && (!r.short || testing.Short()) {
			continue
		}
		t.Run(r.name, func(t *testing.T) { results = append(results, r.run(t, length)) })
	}
	var b strings.Builder
	fmt.Fprintf(&b, "| attack | memory, MB | CPU, %% | descriptors | echoes/s | slowest, ms | sessions lost | EXIT told |\n")
	fmt.Fprintf(&b, "|---|---|---|---|---|---|---|---|\n")
	for _, r := range results {
		name := r.name
		if r.dials > 0 {
			name += fmt.Sprintf(" (%d connections to it)", r.dials)
		}
		fmt.Fprintf(&b, "| %s | %d | %.0f | %d | %.0f | %d | %d | %d |\n", name, r.memory>>20, 100*r.cpu,
			r.files, r.echoes, r.slowest.Milliseconds(), r.exits, r.told)
	}
	t.Logf("an attacked node, and an honest pair that exchanges 50 messages a second:\n%s", &b)
}

func (r row) run(t *testing.T, length time.Duration) result {
	port := 26000 + os.Getpid()%10000 + int(nextPort.Add(1))
	gossip := netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), uint16(port))
	v := startVictim(t, port, "tcp://"+gossip.String(), r.files)
	honest, err := zre.Start(context.Background(), config("honest", port))
	if err != nil {
		t.Fatal(err)
	}
	defer honest.Close()
	id := uuid.MustParse(v.id)
	var exits, echoes atomic.Int32
	entered := make(chan struct{})
	var slowest atomic.Int64
	go func() {
		for ev := range honest.Events() {
			switch {
			case ev.Peer != id:
			case ev.Type == zre.EventEnter && exits.Load() == 0:
				close(entered)
			case ev.Type == zre.EventExit:
				exits.Add(1)
			case ev.Type == zre.EventWhisper:
				var at time.Time
				if at.UnmarshalBinary(ev.Content[0]) == nil {
					echoes.Add(1)
					slowest.Store(max(slowest.Load(), int64(time.Since(at))))
				}
			}
		}
	}()
	select {
	case <-entered:
	case <-time.After(time.Minute):
		t.Fatal("the honest pair does not meet")
	}
	ctx, cancel := context.WithTimeout(context.Background(), length)
	defer cancel()
	a := &attacker{
		t: t, ctx: ctx, port: port, honest: honest.ID(), gossip: gossip,
		at: netip.MustParseAddrPort(strings.TrimPrefix(v.endpoint, "tcp://")),
	}
	done := make(chan struct{})
	before, begin := v.usage(t), time.Now()
	go func() {
		defer close(done)
		r.attack(a)
	}()
	res := result{name: r.name}
	for ctx.Err() == nil {
		at, _ := time.Now().Round(0).MarshalBinary()
		send, sent := context.WithTimeout(context.Background(), 5*time.Second)
		_ = honest.Whisper(send, id, at)
		sent()
		now := v.usage(t)
		res.memory, res.files = max(res.memory, now.memory), max(res.files, now.files)
		select {
		case <-ctx.Done():
		case <-time.After(20 * time.Millisecond):
		}
	}
	<-done
	took := time.Since(begin)
	after := v.usage(t)
	res.cpu = float64(after.cpu-before.cpu) / float64(took)
	res.echoes = float64(echoes.Load()) / took.Seconds()
	res.slowest = time.Duration(slowest.Load())
	// What is still in flight arrives.
	flush, stop := context.WithTimeout(context.Background(), time.Minute)
	defer stop()
	if err := honest.Flush(flush); err != nil {
		t.Errorf("the honest node's messages: %v", err)
	}
	res.exits, res.told = int(exits.Load()+v.exits.Load()), int(v.all.Load())
	res.dials = int(a.dials.Load())
	if res.exits != 0 {
		t.Errorf("the session of the honest pair ended %d times", res.exits)
	}
	if echoes.Load() == 0 {
		t.Error("the honest pair exchanges no messages")
	}
	if res.memory > 700<<20 {
		t.Errorf("%d MB of memory", res.memory>>20)
	}
	if res.files > 5000 {
		t.Errorf("%d descriptors", res.files)
	}
	v.stop()
	return res
}
