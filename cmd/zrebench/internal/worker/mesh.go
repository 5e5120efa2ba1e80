package worker

import (
	"fmt"

	"github.com/gozre/zre/internal/zmq/rawzmq"
)

// helloSize is about what a HELLO of a node without headers has.
const helloSize = 60

// rawMesh makes the sockets that nodes would have, and lets them greet each other.
func (s *server) rawMesh(job Job) (r Result, err error) {
	if job.Do == RawMesh {
		transport := "tcp"
		if job.Join {
			transport = "inproc"
		}
		if s.mesh, err = rawzmq.NewMesh(job.Nodes, job.Nodes*(job.Nodes+job.Peers)+16, transport); err != nil {
			return r, err
		}
		r.Endpoints = s.mesh.Endpoints()
		return r, nil
	}
	if s.mesh == nil {
		return r, fmt.Errorf("worker: %s before %s", job.Do, RawMesh)
	}
	if job.Do == RawGreet {
		if err := s.mesh.Greet(helloSize); err != nil {
			return r, err
		}
		return r, s.mesh.Await(job.Peers)
	}
	own := s.mesh.Endpoints()
	for i := range own {
		if len(job.Endpoints) > 0 {
			for _, to := range job.Endpoints {
				if err := s.mesh.Connect(i, to); err != nil {
					return r, err
				}
			}
			continue
		}
		for j, to := range own {
			if i == j {
				continue
			}
			if err := s.mesh.Connect(i, to); err != nil {
				return r, err
			}
		}
	}
	return r, nil
}
