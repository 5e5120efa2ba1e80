// Package doctor finds out why nodes do not meet: it looks at this host and at the network
// around it, and says what is wrong, what that means, and what to type.
//
//	Run ─┬─ host: version, clock, descriptors, key files
//	     ├─ ports: UDP port of the beacons and who holds it, free TCP ports
//	     ├─ probe: interfaces; multicast, broadcast and loopback, by datagrams of its own
//	     ├─ node: a node of its own, for the time of the probe: peers that are not reached
//	     ├─ gossip: each server by a dump
//	     └─ firewall: rules, as far as they can be read; nothing is changed
//	            │
//	            ▼
//	       Report: facts, and findings ─▶ text or JSON
//
// A Report is made by one goroutine; the parts that take time run beside each other and are
// waited for. What cannot be known, because the system has no /proc or the right is missing,
// is a fact that says so, and no finding.
package doctor
