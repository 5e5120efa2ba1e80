// Package worker is the other half of zrebench: processes of its own making that hold the nodes, or
// the raw sockets, which are measured.
//
// zrebench starts itself again with the argument Hidden, and talks to that process in lines of JSON over its standard
// input and output: one Job in, one Result out, in order. A worker ends when its input ends, or when the one
// who started it says so; nothing of it outlives the run.
//
//	zrebench ── Job ──▶ worker: nodes        (DEALER → ROUTER over loopback, as any node)
//	   │     ◀─ Result ─                        ▲
//	   │                                        │ messages
//	   └────── Job ──▶ worker: nodes ───────────┘
//
// The jobs for nodes use the public library alone, as an application would. The jobs for raw libzmq run in
// C from the first message to the last (internal/zmq/rawzmq).
package worker
