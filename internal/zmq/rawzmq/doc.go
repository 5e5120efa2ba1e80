// Package rawzmq is the yardstick: what a C program gets out of libzmq that does nothing but send and
// receive. The benchmarks run it beside the project's own sockets, in the same run, and report ratios.
//
// It sends what a node sends: messages of two frames, a header and a content, from a DEALER to a ROUTER
// (which puts the sender's identity before them). All loops are in C, each on a thread of its own: no
// message passes through Go. It has a libzmq context for each Sink and each Source, and knows nothing of
// package zmq.
//
// The sender copies each frame into libzmq (zmq_send), because an application has its data somewhere. The
// receiver looks at frames where libzmq has put them (zmq_msg_recv), copies nothing and keeps nothing: no
// application can be cheaper than that.
package rawzmq
