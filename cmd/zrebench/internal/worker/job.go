package worker

import (
	"time"

	"github.com/google/uuid"
)

// Hidden is the argument that makes zrebench a worker.
const Hidden = "worker"

// Group is the group that nodes shout in.
const Group = "bench"

// Task is what a Job can ask for.
type Task string

// A worker is made one of these, by its first job:
const (
	Start Task = "start" // of Nodes nodes
	Bind  Task = "bind"  // Over LibZMQ a ROUTER, over TCP a listener
	Mesh  Task = "mesh"  // the same for each of Nodes, in which case Link and Greet follow
)

// What follows, before anything is measured:
const (
	Await   Task = "await"   // until all nodes of this process see Peers others, or members
	Connect Task = "connect" // to each of Endpoints
	Link    Task = "link"    // from each of Nodes to each of Endpoints; to all others without any
	Greet   Task = "greet"   // a message on each link, and wait until each of Nodes has got Peers
)

// What is measured:
const (
	Send    Task = "send"    // Count messages to each receiver; nodes wait until they are received
	Receive Task = "receive" // Count messages from each of Sources
	Ping    Task = "ping"    // send, and wait for the answer, Count times
	Pong    Task = "pong"    // answer Count messages
)

// What is asked afterwards:
const (
	Spent Task = "spent" // processor time since the last job began
	Usage Task = "usage" // what this process has used so far
)

// Way is what messages go over.
type Way string

// The ways that are not nodes.
const (
	LibZMQ Way = "libzmq"
	TCP    Way = "tcp"
)

// Keys are a CURVE key pair, in Z85.
type Keys struct{ Public, Secret string }

// Job is what a worker is asked to do. Each task looks at the fields that it needs.
type Job struct {
	Do   Task
	Over Way `json:",omitempty"`

	Count   int `json:",omitempty"` // messages
	Size    int `json:",omitempty"` // octets of content
	Header  int `json:",omitempty"` // octets before it, which stand for the header of ZRE
	Source  int `json:",omitempty"` // which of several senders this is
	Sources int `json:",omitempty"` // how many senders there are; 0 counts as 1

	Nodes     int           `json:",omitempty"`
	Keys      []Keys        `json:",omitempty"` // one for each of Nodes; none for plain ones
	Port      int           `json:",omitempty"` // for beacons; 0 means none
	Transport string        `json:",omitempty"` // of nodes; "" for their default
	IPC       bool          `json:",omitempty"` // Bind: libzmq over ipc, not TCP
	Join      bool          `json:",omitempty"` // join Group; await others there
	InProc    bool          `json:",omitempty"` // Mesh: inside the process, not over TCP
	Peers     int           `json:",omitempty"`
	To        uuid.UUID     `json:",omitzero"`  // the receiver; none means Group
	Endpoints []string      `json:",omitempty"` // to connect to
	HWM       int           `json:",omitempty"` // of sockets of libzmq, in messages
	Settle    time.Duration `json:",omitempty"` // Usage: a pause before it
	Weigh     bool          `json:",omitempty"` // Usage: memory, too

	Profile string `json:",omitempty"` // write a CPU profile of this job to this file
}

// key is the i-th of the keys, none for plain jobs.
func (j Job) key(i int) Keys {
	if i < len(j.Keys) {
		return j.Keys[i]
	}
	return Keys{}
}

// sources is how many senders there are.
func (j Job) sources() int { return max(j.Sources, 1) }

// Result is what came of a Job.
type Result struct {
	Error string `json:",omitempty"`

	IDs       []uuid.UUID `json:",omitempty"`
	Endpoints []string    `json:",omitempty"`

	Begin   int64           `json:",omitempty"` // when it began and ended: nanoseconds of the
	End     int64           `json:",omitempty"` // clock that all processes of the host share
	Mallocs uint64          `json:",omitempty"` // objects allocated on Go's heap during the job
	CPU     time.Duration   `json:",omitempty"` // Spent: user and system, of all threads
	Times   []time.Duration `json:",omitempty"` // of each round trip

	Usage Used `json:",omitzero"`
}

// Used is what a process has used of the machine.
type Used struct {
	CPU     time.Duration // user and system, since its start
	Threads int           // now; 0 where it is not known
	LibZMQ  int           // how many of them are libzmq's own
	Memory  int64         // in octets, now, without files such as the program; if it was asked for
}
