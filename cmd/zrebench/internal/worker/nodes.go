package worker

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/google/uuid"
)

// start makes the nodes of this process.
func (s *server) start(ctx context.Context, job Job) (r Result, err error) {
	lo, err := loopback()
	if err != nil {
		return r, err
	}
	for i := range max(job.Nodes, 1) {
		n, err := startNode(ctx, job, i, lo)
		if err != nil {
			return r, err
		}
		s.nodes = append(s.nodes, n)
		s.end = s.nodes[0]
		endpoint := n.endpoint()
		if key := job.key(i); key.Public != "" {
			endpoint += "|" + key.Public
		}
		r.IDs, r.Endpoints = append(r.IDs, n.id()), append(r.Endpoints, endpoint)
	}
	return r, nil
}

// await waits until every node sees as many others, or members of the group, as the job says.
func (s *server) await(ctx context.Context, job Job) error {
	if len(s.nodes) == 0 {
		return fmt.Errorf("worker: %s before %s", job.Do, Start)
	}
	due := entered
	if job.Join {
		due = joined
	}
	errs := make([]error, len(s.nodes))
	var wg sync.WaitGroup
	for i, n := range s.nodes {
		wg.Go(func() { errs[i] = n.await(ctx, due, job.Peers) })
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return err // One is enough: all fail when the time is up.
		}
	}
	return nil
}

func (n *node) await(ctx context.Context, due change, peers int) error {
	seen := make(map[uuid.UUID]bool, peers)
	for len(seen) < peers {
		what, who, err := n.nextChange(ctx)
		switch {
		case err != nil:
			return fmt.Errorf("a node has seen %d of %d peers: %w", len(seen), peers, err)
		case what == due:
			seen[who] = true
		case what == exited:
			delete(seen, who)
		}
	}
	return nil
}

// send whispers or shouts, and waits until all was received.
func (n *node) send(ctx context.Context, job Job) error {
	content := make([]byte, job.Size)
	for i := range job.Count {
		number(content, job.Source, i)
		var err error
		if job.To == uuid.Nil {
			err = n.shout(ctx, content)
		} else {
			err = n.whisper(ctx, job.To, content)
		}
		if err != nil {
			return err
		}
	}
	return n.flush(ctx)
}

// sourceShift is where the number of a sender stands in the number of a message.
const sourceShift = 48

// number marks the content of the i-th message of a sender, so that the receiver sees that nothing
// is missing.
func number(content []byte, source, i int) {
	if len(content) >= 8 {
		binary.LittleEndian.PutUint64(content, uint64(source)<<sourceShift|uint64(i))
	}
}

// counter checks the numbers of messages, from several senders.
type counter struct{ next []uint64 }

func newCounter(sources int) *counter { return &counter{make([]uint64, sources)} }

// check says whether this is the message of its sender that is due.
func (c *counter) check(content []byte) error {
	if len(content) < 8 {
		return nil
	}
	n := binary.LittleEndian.Uint64(content)
	source, i := n>>sourceShift, n&(1<<sourceShift-1)
	if source >= uint64(len(c.next)) {
		return fmt.Errorf("message of sender %d, and there are %d", source, len(c.next))
	}
	if i != c.next[source] {
		return fmt.Errorf("message %d came where %d was due", i, c.next[source])
	}
	c.next[source]++
	return nil
}

// receive takes messages as an application does that gets many.
func (n *node) receive(ctx context.Context, job Job) error {
	numbers := newCounter(job.sources())
	for range job.Count * job.sources() {
		content, err := n.nextContent(ctx)
		if err != nil {
			return err
		}
		if len(content) != job.Size {
			return fmt.Errorf("message of %d octets where %d were due", len(content), job.Size)
		}
		if err := numbers.check(content); err != nil {
			return err
		}
		n.recycle(content)
	}
	return nil
}

// ping measures round trips between two applications.
func (n *node) ping(ctx context.Context, job Job) ([]time.Duration, error) {
	content, numbers := make([]byte, job.Size), newCounter(1)
	times := make([]time.Duration, 0, job.Count)
	for i := range job.Count {
		number(content, 0, i)
		begin := time.Now()
		if err := n.whisper(ctx, job.To, content); err != nil {
			return nil, err
		}
		back, err := n.nextContent(ctx)
		if err != nil {
			return nil, err
		}
		times = append(times, time.Since(begin))
		if err := numbers.check(back); err != nil {
			return nil, err
		}
		if len(back) != job.Size {
			return nil, errors.New("an answer of another size")
		}
		n.recycle(back)
	}
	return times, nil
}

func (n *node) pong(ctx context.Context, job Job) error {
	for range job.Count {
		content, err := n.nextContent(ctx)
		if err != nil {
			return err
		}
		if err := n.whisper(ctx, job.To, content); err != nil {
			return err
		}
		n.recycle(content)
	}
	// The last answer has to leave before this process gets the order to end.
	return n.flush(ctx)
}
