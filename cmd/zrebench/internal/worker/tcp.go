package worker

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"
)

// chunk is what raw TCP reads and writes in one call, in octets.
const chunk = 256 << 10

// tcpEnd is the least that messages can cost: the same octets as one stream, without frames, in
// large reads and writes.
type tcpEnd struct {
	listener net.Listener
	in, out  []net.Conn
}

// bindTCP makes the end that others connect to.
func bindTCP() (*tcpEnd, string, error) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return nil, "", err
	}
	return &tcpEnd{listener: l}, l.Addr().String(), nil
}

func (e *tcpEnd) connect(job Job) error {
	for _, to := range job.Endpoints {
		c, err := net.Dial("tcp4", to)
		if err != nil {
			return err
		}
		e.out = append(e.out, c)
	}
	return nil
}

// accept has the connections of all senders.
func (e *tcpEnd) accept(sources int) error {
	for len(e.in) < sources {
		c, err := e.listener.Accept()
		if err != nil {
			return err
		}
		e.in = append(e.in, c)
	}
	return nil
}

// each does the same on several connections at the same time.
func each(conns []net.Conn, do func(net.Conn) error) error {
	errs := make([]error, len(conns))
	var wg sync.WaitGroup
	for i, c := range conns {
		wg.Go(func() { errs[i] = do(c) })
	}
	wg.Wait()
	return errors.Join(errs...)
}

func (e *tcpEnd) send(_ context.Context, job Job) error {
	if len(e.out) == 0 {
		return fmt.Errorf("worker: %s before %s", job.Do, Connect)
	}
	octets := job.Count * (job.Header + job.Size)
	return each(e.out, func(c net.Conn) error {
		buf := make([]byte, min(chunk, octets))
		for left := octets; left > 0; {
			n, err := c.Write(buf[:min(len(buf), left)])
			if err != nil {
				return err
			}
			left -= n
		}
		return nil
	})
}

func (e *tcpEnd) receive(_ context.Context, job Job) error {
	if err := e.accept(job.sources()); err != nil {
		return err
	}
	octets := job.Count * (job.Header + job.Size)
	return each(e.in, func(c net.Conn) error {
		buf := make([]byte, min(chunk, octets))
		for left := octets; left > 0; {
			n, err := c.Read(buf[:min(len(buf), left)])
			if err != nil {
				return err
			}
			left -= n
		}
		return nil
	})
}

func (e *tcpEnd) ping(_ context.Context, job Job) ([]time.Duration, error) {
	if err := e.bothWays(job); err != nil {
		return nil, err
	}
	message, back := make([]byte, job.Header+job.Size), make([]byte, job.Header+job.Size)
	times := make([]time.Duration, 0, job.Count)
	for range job.Count {
		begin := time.Now()
		if _, err := e.out[0].Write(message); err != nil {
			return nil, err
		}
		if _, err := io.ReadFull(e.in[0], back); err != nil {
			return nil, err
		}
		times = append(times, time.Since(begin))
	}
	return times, nil
}

func (e *tcpEnd) pong(_ context.Context, job Job) error {
	if err := e.bothWays(job); err != nil {
		return err
	}
	message := make([]byte, job.Header+job.Size)
	for range job.Count {
		if _, err := io.ReadFull(e.in[0], message); err != nil {
			return err
		}
		if _, err := e.out[0].Write(message); err != nil {
			return err
		}
	}
	return nil
}

// bothWays has a connection each way, as nodes have.
func (e *tcpEnd) bothWays(job Job) error {
	if len(e.out) == 0 {
		return fmt.Errorf("worker: %s before %s", job.Do, Connect)
	}
	return e.accept(1)
}

// close closes everything; its errors do not matter any more.
func (e *tcpEnd) close() {
	_ = e.listener.Close()
	for _, c := range append(e.in, e.out...) {
		_ = c.Close()
	}
}
