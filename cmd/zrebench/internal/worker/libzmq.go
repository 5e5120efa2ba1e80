//go:build libzmq

package worker

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/gozre/zre/cmd/zrebench/internal/rawzmq"
)

// HasLibZMQ says whether libzmq can be measured.
const HasLibZMQ = true

// LibZMQVersion is the version of libzmq that is measured, "" without any.
func LibZMQVersion() string { return rawzmq.Version() }

// zmqEnd is libzmq alone.
type zmqEnd struct {
	options rawzmq.Options
	sink    *rawzmq.Sink
	source  *rawzmq.Source
}

// zmqOptions are those of the i-th node, with an identity as nodes have it.
func zmqOptions(job Job, i int) rawzmq.Options {
	id, key := uuid.New(), job.key(i)
	return rawzmq.Options{
		HWM: job.HWM, Identity: "\x01" + string(id[:]), Public: key.Public, Secret: key.Secret,
	}
}

// bindLibZMQ makes the ROUTER of this process.
func bindLibZMQ(job Job) (end, string, error) {
	e := &zmqEnd{options: zmqOptions(job, 0)}
	at := "tcp://127.0.0.1:*"
	if job.IPC {
		at = "ipc://*"
	}
	var err error
	if e.sink, err = rawzmq.NewSink(at, e.options); err != nil {
		return nil, "", err
	}
	return e, e.sink.Endpoint(), nil
}

// connect makes the DEALERs of this process.
func (e *zmqEnd) connect(job Job) (err error) {
	e.source, err = rawzmq.NewSource(e.options, job.Endpoints...)
	return err
}

func (e *zmqEnd) connected(job Job) error {
	if e.source == nil {
		return fmt.Errorf("worker: %s before %s", job.Do, Connect)
	}
	return nil
}

func (e *zmqEnd) send(_ context.Context, job Job) error {
	if err := e.connected(job); err != nil {
		return err
	}
	return e.source.Send(job.Count, job.Header, job.Size)
}

func (e *zmqEnd) receive(_ context.Context, job Job) error {
	count := job.Count * job.sources()
	octets, err := e.sink.Receive(count)
	if err == nil && octets != int64(count)*int64(job.Header+job.Size) {
		err = errors.New("raw messages of a wrong size")
	}
	return err
}

func (e *zmqEnd) ping(_ context.Context, job Job) ([]time.Duration, error) {
	if err := e.connected(job); err != nil {
		return nil, err
	}
	return rawzmq.Ping(e.source, e.sink, job.Count, job.Header, job.Size)
}

func (e *zmqEnd) pong(_ context.Context, job Job) error {
	if err := e.connected(job); err != nil {
		return err
	}
	return rawzmq.Pong(e.source, e.sink, job.Count)
}

func (e *zmqEnd) close() {
	if e.source != nil {
		e.source.Close()
	}
	e.sink.Close()
}

// zmqMesh is the sockets that nodes would have.
type zmqMesh struct{ *rawzmq.Mesh }

func newLibZMQMesh(job Job) (mesh, error) {
	var nodes []rawzmq.Options
	for i := range job.Nodes {
		nodes = append(nodes, zmqOptions(job, i))
	}
	way := "tcp"
	if job.InProc {
		way = "inproc"
	}
	m, err := rawzmq.NewMesh(nodes, job.Nodes*(job.Nodes+job.Peers)+16, way)
	if err != nil {
		return nil, err
	}
	return zmqMesh{m}, nil
}

func (m zmqMesh) endpoints() []string                  { return m.Endpoints() }
func (m zmqMesh) connect(i int, endpoint string) error { return m.Connect(i, endpoint) }
func (m zmqMesh) greet(octets int) error               { return m.Greet(octets) }
func (m zmqMesh) await(messages int) error             { return m.Await(messages) }
func (m zmqMesh) close()                               { m.Close() }
