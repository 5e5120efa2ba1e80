// Package store holds the tuples of a gossip server. It is pure: no goroutine, no
// lock, no clock (every call carries the time) and no socket.
//
// # The problem
//
// ZGP's PUBLISH carries a key, a value and a TTL: no time, no sequence, no
// author. czmq takes whatever came last and passes it on, so two quick
// publishes of one key chase each other round any ring of servers for ever, and
// nothing is ever forgotten. This store answers three questions that the
// protocol leaves open: who says so, which is newer, and who has gone.
//
// # Claims: who says so here
//
// What one connection publishes is a claim: (source, value, since). It ends when
// its TTL passes, when its source withdraws it, or a grace period after the
// source's connection ended. So a quick reconnect keeps a tuple, and the dead are
// not handed to newcomers; nor is a tuple handed to them during its grace. A key may have several claims: a node that is
// connected twice, or the old connection of a node that has just come back.
// The newest claim counts, and a claim repeated is not newer: a refresh moves the
// TTL and nothing else. Within one connection the order of arrival is the order
// of time, since the transport keeps it.
//
// # Records: what servers tell each other
//
// The best claim of a key is this server's record of it: (origin, sequence,
// value, alive or gone). The origin is the server's random identity, new at each
// start. The sequence is a hybrid logical clock: microseconds of the wall clock,
// but always above everything seen so far, so that a change made in knowledge of
// another is newer than it, however the clocks of the hosts differ.
//
//	claims of source 7, 9, …  ──best──▶ record of origin S1 ─┐
//	                     from server S2 ─ record of origin S2 ├─select─▶ value ─▶ clients
//	                     from server S3 ─ record of origin S3 ┘
//
// A record from another server is accepted when its sequence is above that of the
// record held for the same key and origin, and only then passed on, to every
// server but the one it came from. Each (key, origin, sequence) is therefore
// accepted once per server: the flood ends in any topology, in any order of
// arrival, and whatever was cut apart and joined again ends with the greatest
// sequence everywhere. A record that is gone stays as a tombstone, so that a late
// copy of the living one cannot bring it back.
//
// Clients see one value per key: our own record when a client of this very server
// stands behind it (the address that reaches us is the best one to give to those
// who reach us too), else the living record with the greatest sequence, the word of
// a publisher before hearsay (see Relays).
//
// # Beats: when a whole server is gone
//
// Each server counts up a beat and tells its neighbours, with how long ago it
// heard every other server's. A server whose beat has not moved for OriginTTL is
// gone, or cut off, and its records are dropped without a tombstone: when the
// partition heals, who hears its beat again asks for everything anew. Beats move only at their origin, and
// their age travels along, so that no ring keeps a dead server alive.
//
// # Relays: servers without provenance
//
// A czmq server, and a zyre node is one, tells us neither sequence nor author,
// echoes back what we send it, and may pass on what we told it a moment ago. Its
// PUBLISH is a claim like any other, of a source that cannot be asked, under four
// rules:
//
//   - Echo. A value that we have told it is no news and no claim, unless its
//     publisher has just left: then it may be that publisher, back again.
//   - Stale. A value that this key had within the last HistoryWindow, and that was
//     replaced since, is not accepted from a relay, except from the very relay that
//     published the present value, and from that one FlapLimit times: then it is
//     oscillating, and is heard again after a HistoryWindow of quiet.
//   - Gone. A value withdrawn within the last HistoryWindow is not accepted from a
//     connection older than the withdrawal: it is an echo that was under way. A
//     connection made later is believed; it may be the publisher itself.
//   - Withdrawn. When a tuple is withdrawn by its publisher, claims of relays to
//     the same key and value end with it: they are copies. When its publisher has
//     vanished, they stay: the relay may be the publisher, still there on another
//     path. Where the protocol leaves the choice we would rather hand out a dead
//     tuple than forget a living node.
//
// Every change of a value that a relay can cause is therefore either new within
// the window, or one of FlapLimit: in a ring of servers, of which some are
// czmq's, each wave of an old value dies at the first server of this project.
package store
