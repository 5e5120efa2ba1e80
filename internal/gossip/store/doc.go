// Package store holds the tuples of a gossip server. It is pure: no goroutine, no lock, no
// clock (every call carries the time) and no socket.
//
// # The problem
//
// ZGP's PUBLISH carries a key, a value and a TTL, but no time, no sequence and no author.
// czmq keeps what came last and passes it on. So two quick publishes of one key chase each
// other round any ring of czmq's servers for ever, and no tuple ever ends. This store
// answers three questions that the protocol leaves open: who has published a tuple, which
// value is newer, and which publisher is gone.
//
// # Claims: what connections of this server publish
//
// What one connection publishes is a claim: source, value, since. It ends when its TTL is
// over, when its source withdraws it, or a grace period after the connection has ended. So a
// quick reconnect keeps a tuple. During the grace period new clients are not told of it.
//
// A key may have several claims, for instance of a node that is connected twice. The newest
// one counts. A repeated claim is not newer: it moves the TTL and nothing else. Within one
// connection the order of arrival is the order of time.
//
// # Records: what servers exchange
//
// The best claim of a key is this server's record of it: origin, sequence, value, and state.
// The origin is the random identity of the server, new at each start. The sequence is a
// hybrid logical clock: microseconds of the wall clock, but always above all sequences that
// were received. So a change that follows another one is newer, even if the clocks of the
// hosts differ.
//
//	claims of source 7, 9, …  ──best──▶ record of origin S1 ─┐
//	                     from server S2 ─ record of origin S2 ├─choose─▶ value ─▶ clients
//	                     from server S3 ─ record of origin S3 ┘
//
// A record of another server is accepted if its sequence is above that of the record held
// for the same key and origin. Only then it is passed on, to every server but the one that
// sent it. So each (key, origin, sequence) is accepted once per server: the flood ends in any
// topology, in any order of arrival, and all servers end with the greatest sequence. A record
// that is gone stays for a while as a tombstone, so that a late copy of the living one cannot
// bring it back.
//
// Clients are told one value of a key: our own record if a client of this server has
// published it (the address that reaches us is the best one for others who reach us), else
// the living record with the greatest sequence, those from a publisher itself before those
// from a relay.
//
// # Beats: when a whole server is gone
//
// Each server increments a beat and tells its neighbours, together with the beats of all
// other servers and how long ago they were received. A server whose beat has not moved for
// OriginTTL is gone or cut off. Its records are dropped without a tombstone. When its beat
// moves again, it is asked for everything. Only the server itself moves its beat, and the age
// travels with it, so no ring keeps a dead server alive.
//
// Servers are not authenticated. So the other servers that one connection can make known are
// bounded, and so are all together (MaxOriginsPerSource, MaxOrigins).
//
// # Relays: servers without provenance
//
// A czmq server, and a zyre node is one, sends neither sequence nor author. It echoes what we
// send it, and may pass on what we told it a moment ago. Its PUBLISH is a claim like any
// other, under four rules:
//
//   - Echo. A value that we have told it is no claim, unless its publisher has just left:
//     then the relay may be that publisher, which is back.
//   - Stale. A value that this key had within the last HistoryWindow, and that was replaced,
//     is not accepted from a relay. The relay that published the present value may bring an
//     old one back, FlapLimit times. Beyond that it oscillates, and is accepted again after a
//     HistoryWindow without change.
//   - Gone. A value that was withdrawn within the last HistoryWindow is not accepted from a
//     connection older than the withdrawal: it is an echo. On a later connection it is
//     accepted, because that may be the publisher itself.
//   - Withdrawn. When a publisher withdraws a tuple, claims of relays to the same key and
//     value end with it: they are copies. When a publisher was lost, they stay: the relay may
//     be the publisher, reached on another path. Where the protocol leaves the choice, a dead
//     tuple is better than a living node that is forgotten.
//
// So every change of a value by a relay is either new within the window or one of FlapLimit.
// In a ring of servers, of which some are czmq's, each wave of an old value ends at the first
// server of this project.
package store
