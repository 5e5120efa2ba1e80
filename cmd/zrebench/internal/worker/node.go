package worker

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/gozre/zre/zre"
)

// ports are where the nodes of a benchmark listen: apart from the ports of nodes that may be running on this
// machine, and enough of them for hundreds of nodes.
var ports = zre.PortRange{First: 21000, Last: 30999}

// loopback is the name of the interface that never leaves the machine.
func loopback() (string, error) {
	interfaces, err := net.Interfaces()
	if err != nil {
		return "", err
	}
	for _, i := range interfaces {
		if i.Flags&net.FlagLoopback != 0 && i.Flags&net.FlagUp != 0 {
			return i.Name, nil
		}
	}
	return "", errors.New("there is no loopback interface that is up")
}

// start makes the nodes of this process.
func (s *server) start(ctx context.Context, job Job) (Result, error) {
	lo, err := loopback()
	if err != nil {
		return Result{}, err
	}
	var r Result
	for range max(job.Nodes, 1) {
		n, err := zre.Start(ctx, zre.Config{
			Interfaces: []string{lo}, BeaconPort: job.Port, NoBeacon: job.Port == 0,
			Ports: ports, Peers: job.Connect, DiscardEvents: job.Discard, SecretKey: job.SecretKey,
			CloseTimeout: grace / 2,
		})
		if err != nil {
			return r, err
		}
		s.nodes = append(s.nodes, n)
		if job.Join {
			if err := n.Join(ctx, Group); err != nil {
				return r, err
			}
		}
		r.IDs = append(r.IDs, n.ID())
		r.Endpoints = append(r.Endpoints, n.Endpoint())
	}
	return r, nil
}

// await waits until every node has seen as many others enter, or join the group, as the job says.
func (s *server) await(ctx context.Context, job Job) (Result, error) {
	due := zre.EventEnter
	if job.Join {
		due = zre.EventJoin
	}
	errs := make([]error, len(s.nodes))
	var wg sync.WaitGroup
	for i, n := range s.nodes {
		wg.Go(func() {
			for seen := 0; seen < job.Peers && errs[i] == nil; {
				var ev zre.Event
				if ev, errs[i] = n.Next(ctx); ev.Type == due {
					seen++
				}
			}
		})
	}
	wg.Wait()
	return Result{}, errors.Join(errs...)
}

// send whispers or shouts, and waits until all has been taken in.
func (s *server) send(ctx context.Context, job Job) (Result, error) {
	n := s.nodes[0]
	content := make([]byte, job.Size)
	say := func() error { return n.Whisper(ctx, job.To, content) }
	if job.Do == Shout {
		say = func() error { return n.Shout(ctx, Group, content) }
	}
	for i := range job.Count {
		number(content, i)
		if err := say(); err != nil {
			return Result{}, err
		}
	}
	return Result{}, n.Flush(ctx)
}

// number marks the content of the i-th message, so that the receiver sees that nothing is missing.
func number(content []byte, i int) {
	if len(content) >= 8 {
		binary.LittleEndian.PutUint64(content, uint64(i))
	}
}

// checkNumber says whether this is the i-th message.
func checkNumber(content []byte, i int) error {
	if len(content) < 8 {
		return nil
	}
	if got := binary.LittleEndian.Uint64(content); got != uint64(i) {
		return fmt.Errorf("message %d came where %d was due", got, i)
	}
	return nil
}

// receive takes messages as an application does, one after the other.
func (s *server) receive(ctx context.Context, job Job) (Result, error) {
	var begin time.Time
	for i := range job.Count {
		content, err := next(ctx, s.nodes[0])
		if err != nil {
			return Result{}, err
		}
		if i == 0 {
			begin = time.Now()
		}
		if len(content) != job.Size {
			return Result{}, fmt.Errorf("message of %d octets where %d were due", len(content), job.Size)
		}
		if err := checkNumber(content, i); err != nil {
			return Result{}, err
		}
		s.nodes[0].Recycle(content)
	}
	return Result{Elapsed: time.Since(begin)}, nil
}

// next gives the content of the next message, which has one frame.
func next(ctx context.Context, n *zre.Node) ([]byte, error) {
	for {
		ev, err := n.Next(ctx)
		if err != nil {
			return nil, err
		}
		switch ev.Type {
		case zre.EventWhisper, zre.EventShout:
			if len(ev.Content) != 1 {
				return nil, fmt.Errorf("message of %d frames", len(ev.Content))
			}
			return ev.Content[0], nil
		case zre.EventExit:
			return nil, fmt.Errorf("a peer left: %s", ev.Reason)
		}
	}
}

// ping measures round trips between two applications.
func (s *server) ping(ctx context.Context, job Job) (Result, error) {
	n := s.nodes[0]
	content := make([]byte, job.Size)
	times := make([]time.Duration, 0, job.Count)
	for i := range job.Count {
		number(content, i)
		begin := time.Now()
		if err := n.Whisper(ctx, job.To, content); err != nil {
			return Result{}, err
		}
		back, err := next(ctx, n)
		if err != nil {
			return Result{}, err
		}
		times = append(times, time.Since(begin))
		if err := checkNumber(back, i); err != nil {
			return Result{}, err
		}
		n.Recycle(back)
	}
	return Result{Times: times}, nil
}

func (s *server) pong(ctx context.Context, job Job) (Result, error) {
	n := s.nodes[0]
	for range job.Count {
		content, err := next(ctx, n)
		if err != nil {
			return Result{}, err
		}
		if err := n.Whisper(ctx, job.To, content); err != nil {
			return Result{}, err
		}
		n.Recycle(content)
	}
	// The last answer is to leave before this process may be told to end.
	return Result{}, n.Flush(ctx)
}
