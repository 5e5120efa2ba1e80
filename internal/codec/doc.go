// Package codec is the house of the codecs: what the messages of ZRE, of its
// beacon and of ZGP look like on the wire.
//
//	specs/zre_msg.xml      ─→ zremsg        nodes to nodes, over TCP
//	specs/zgossip_msg.xml  ─→ zgossipmsg    clients and gossip servers, over TCP
//	specs/zre_beacon.yaml  ─→ zrebeacon     nodes to all, over UDP
//	                          wire          the primitives that these call
//
// The three are written by go generate; to change one, change its spec or the
// generator in gen. They know octets and nothing else: no socket, no clock, no
// state but that of a Decoder, which belongs to one goroutine at a time.
//
// This package itself only has the sources of wire for the generator, which gives them to other
// modules. Its tests hold the codecs against the
// captured frames in testdata, and against an interpreter of the models that
// shares no code with the generator.
package codec
