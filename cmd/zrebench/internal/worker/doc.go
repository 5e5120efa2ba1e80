// Package worker is the other half of zrebench: processes of its own making that hold the nodes, or
// the raw sockets, which are measured.
//
// zrebench starts itself again with the argument Hidden, and talks to that process in lines of JSON
// over its standard input and output: one Job in, one Result out, in order. A worker ends when its
// input ends, or when the process that started it says so; nothing of it outlives the run.
//
//	zrebench ── Job ──▶ worker: nodes, libzmq or TCP
//	   │     ◀─ Result ─                        ▲
//	   │                                        │ messages over loopback
//	   └────── Job ──▶ worker: nodes, libzmq or TCP
//
// Where what lives:
//
//	job.go        what can be asked for, and what comes back
//	process.go    a worker as seen from zrebench        pin_*.go   its cores
//	serve.go      a worker as seen from inside          usage*.go  what it uses
//	node.go       all that zrebench needs of package zre
//	nodes.go      the application on top of it
//	tcp.go        raw TCP                               tcpmesh.go  many links of it
//	libzmq.go     libzmq alone, with the build tag libzmq; nolibzmq.go without
//
// Nodes are used as an application would use them. What is done with raw libzmq runs in C from the
// first message to the last (package rawzmq).
package worker
