// Package rawzmq is the yardstick: what a C program gets out of libzmq that does nothing but send
// and receive. zrebench measures it in the same run as the nodes, and reports ratios. It needs
// libzmq and a C compiler, so all of it has the build tag libzmq.
//
// It sends what a node sends: messages of two frames, a header and a content, from a DEALER to a
// ROUTER (which puts the sender's identity before them), plain or with CURVE. All loops are in C:
// no message passes through Go. Each Sink, Source and Mesh has a libzmq context of its own, with
// one I/O thread, as libzmq has it.
//
// The sender copies each frame into libzmq (zmq_send), because an application has its data
// somewhere. The receiver looks at frames where libzmq has put them (zmq_msg_recv), copies nothing
// and keeps nothing: no application can be cheaper than that.
package rawzmq
