package worker

import (
	"time"

	"github.com/google/uuid"
)

// Hidden is the argument that makes zrebench a worker.
const Hidden = "worker"

// Group is the group that nodes shout in.
const Group = "bench"

// What a Job can ask for.
const (
	Start   = "start"   // make Nodes nodes
	Await   = "await"   // until all nodes of this process have seen Peers others enter, or join
	Whisper = "whisper" // send Count messages to To and wait until they are taken in
	Shout   = "shout"   // the same, to the group, once it has Peers members
	Receive = "receive" // take Count messages
	Ping    = "ping"    // whisper to To and wait for the answer, Count times
	Pong    = "pong"    // whisper Count messages back

	RawBind    = "raw-bind"    // a ROUTER
	RawConnect = "raw-connect" // a DEALER to each of Endpoints
	RawSend    = "raw-send"    // Count messages to each
	RawReceive = "raw-receive"
	RawPing    = "raw-ping"
	RawPong    = "raw-pong"
	RawMesh    = "raw-mesh"  // a ROUTER for each of Nodes, over inproc if Join, else TCP
	RawLink    = "raw-link"  // a DEALER from each of them to each of Endpoints, to all others if there are none
	RawGreet   = "raw-greet" // one message on each DEALER, and wait until each ROUTER has Peers

	Usage = "usage" // what this process has used so far
)

// Job is what a worker is asked to do. Each kind of job looks at the fields that it needs.
type Job struct {
	Do    string
	Count int `json:",omitempty"` // messages
	Size  int `json:",omitempty"` // octets of content
	// Header is the size of a raw message's first frame, which stands for the header of ZRE.
	Header int `json:",omitempty"`

	Nodes     int           `json:",omitempty"`
	Port      int           `json:",omitempty"` // for beacons; 0 means none
	Join      bool          `json:",omitempty"` // join Group; await others there
	Discard   bool          `json:",omitempty"` // the application takes no events
	Connect   []string      `json:",omitempty"` // endpoints of nodes to greet
	Peers     int           `json:",omitempty"`
	SecretKey string        `json:",omitempty"` // of all nodes; none means that they are plain
	To        uuid.UUID     `json:",omitzero"`
	Endpoints []string      `json:",omitempty"`
	HWM       int           `json:",omitempty"` // of raw sockets, in messages
	Settle    time.Duration `json:",omitempty"`

	Profile string `json:",omitempty"` // write a CPU profile of this job to this file
}

// Result is what came of a Job.
type Result struct {
	Error string `json:",omitempty"`

	IDs       []uuid.UUID     `json:",omitempty"`
	Endpoints []string        `json:",omitempty"`
	Elapsed   time.Duration   `json:",omitempty"` // from the first message to the last, or of the whole job
	Mallocs   uint64          `json:",omitempty"` // objects allocated on Go's heap during the job
	CPU       time.Duration   `json:",omitempty"` // of all threads during the job; 0 where it is not known
	Times     []time.Duration `json:",omitempty"` // of each round trip

	Usage Used `json:",omitzero"`
}

// Used is what a process has used of the machine.
type Used struct {
	CPU     time.Duration // user and system, since its start
	Threads int           // now; 0 where it is not known
	LibZMQ  int           // how many of them are libzmq's own
	Memory  int64         // resident, in octets, now; 0 where it is not known
}
