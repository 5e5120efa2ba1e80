// Package engine runs the protocol of a node: it serialises all calls into the
// core, gives it the time, and carries out what it asks for.
//
//	inbox.Conn ──── Accept, Receive, Down ────┐
//	link.Set ────── LinkUp, LinkRetry, … ─────┤        ┌─▶ link: open, send, close
//	discovery ───── Beacon, Discovered ───────┼─ mu ─▶ core
//	time goroutine, Join, Leave, Peers ───────┘        └─▶ Roster, Queue: events
//
// Engine.mu guards the core; nothing blocks while it is held. A link's mutex, that
// of the Roster and that of the Queue are taken after it, never before. The Engine
// has one goroutine, which ticks the core; Close waits for it.
package engine
