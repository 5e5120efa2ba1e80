package measure

import (
	"context"
	"slices"

	"github.com/gozre/zre/cmd/zrebench/internal/worker"
)

// Measure is one thing that can be measured.
type Measure struct {
	Name  string
	Short string
	Run   func(context.Context, *Options) ([]Row, error)
}

// The names of measures that are treated apart.
const (
	BySize = "throughput"
	secure = "secure"
)

// All returns the measures in the order in which they make sense.
func All() []Measure {
	return []Measure{
		{BySize, "WHISPERs a second from process to process", Throughput},
		{"latency", "round trip of a WHISPER between two processes on one core", Latency},
		{"fanout", "deliveries a second of SHOUTs to several processes", Fanout},
		{"fanin", "WHISPERs a second of several processes to one", Fanin},
		{secure, "throughput and discovery of nodes that encrypt", Secure},
		{"tcp", "throughput and round trips of nodes that use TCP only", TCP},
		{"ipc", "throughput and round trips beside libzmq over ipc", IPC},
		{"discovery", "time until all nodes of one process see each other", Discovery},
		{"processes", "the same with one node in each process", Processes},
		{"idle", "processor time and threads of nodes that say nothing", Idle},
		{"memory", "memory of a link, both ends", Memory},
	}
}

// Some returns the measures with these names, or all; and no measure twice, for which reason Secure
// is left out of all of them when they encrypt anyway.
func Some(o *Options, names []string, all bool) []Measure {
	return slices.DeleteFunc(All(), func(m Measure) bool {
		if slices.Contains(names, m.Name) {
			return false
		}
		return !all || o.Secure && m.Name == secure
	})
}

// TCP measures what the transport "tcp" makes of two processes of one host, which else use a Unix
// domain socket.
func TCP(ctx context.Context, o *Options) ([]Row, error) {
	overTCP := *o
	overTCP.Transport = "tcp"
	return pairs(ctx, &overTCP)
}

// IPC measures nodes beside sockets of libzmq that use Unix domain sockets as well. There are no rows
// where libzmq is not measured.
func IPC(ctx context.Context, o *Options) ([]Row, error) {
	if o.NoRaw || !worker.HasLibZMQ {
		return nil, nil
	}
	overIPC := *o
	overIPC.IPC = true
	return pairs(ctx, &overIPC)
}

// pairs measures messages between two processes.
func pairs(ctx context.Context, o *Options) ([]Row, error) {
	rows, err := Throughput(ctx, o)
	if err != nil && ctx.Err() != nil {
		return rows, err
	}
	more, err2 := Latency(ctx, o)
	return append(rows, more...), join(err, err2)
}

// Secure measures nodes that encrypt, and libzmq with CURVE.
func Secure(ctx context.Context, o *Options) ([]Row, error) {
	withKeys := *o
	withKeys.Secure = true
	rows, err := Throughput(ctx, &withKeys)
	if err != nil && ctx.Err() != nil {
		return rows, err
	}
	more, err2 := Discovery(ctx, &withKeys)
	return append(rows, more...), join(err, err2)
}
