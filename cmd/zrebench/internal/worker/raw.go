package worker

import (
	"errors"
	"fmt"

	"github.com/google/uuid"

	"github.com/gozre/zre/internal/zmq/rawzmq"
)

// bind makes the ROUTER of this process.
func (s *server) bind(job Job) (r Result, err error) {
	if s.sink, err = rawzmq.NewSink("tcp://127.0.0.1:*", job.HWM); err != nil {
		return r, err
	}
	r.Endpoints = []string{s.sink.Endpoint()}
	return r, nil
}

// connect makes the DEALERs of this process, with an identity like that of a node.
func (s *server) connect(job Job) (r Result, err error) {
	id := uuid.New()
	s.source, err = rawzmq.NewSource("\x01"+string(id[:]), job.HWM, job.Endpoints...)
	return r, err
}

func (s *server) raw(job Job) (r Result, err error) {
	sending := job.Do == RawSend || job.Do == RawPing || job.Do == RawPong
	receiving := job.Do == RawReceive || job.Do == RawPing || job.Do == RawPong
	switch {
	case !sending && !receiving:
		return r, fmt.Errorf("worker: no such job: %q", job.Do)
	case sending && s.source == nil, receiving && s.sink == nil:
		return r, fmt.Errorf("worker: %s before %s or %s", job.Do, RawBind, RawConnect)
	}
	switch job.Do {
	case RawSend:
		err = s.source.Send(job.Count, job.Header, job.Size)
	case RawPing:
		r.Times, err = rawzmq.Ping(s.source, s.sink, job.Count, job.Header, job.Size)
	case RawPong:
		err = rawzmq.Pong(s.source, s.sink, job.Count)
	case RawReceive:
		var got rawzmq.Received
		got, err = s.sink.Receive(job.Count)
		r.Elapsed = got.Elapsed
		if want := int64(job.Count) * int64(job.Header+job.Size); err == nil && got.Octets != want {
			err = errors.New("raw messages of a wrong size")
		}
	}
	return r, err
}

// LibZMQ is the version of libzmq that is measured.
func LibZMQ() string { return rawzmq.Version() }
