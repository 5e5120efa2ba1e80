package doctor

import "slices"

// sort puts facts and findings in the order of the parts, whichever was ready first.
func (r *Report) sort() {
	parts := []string{"version", "clock", "files", "key", "trust", "interface", "beacons", "TCP ports", "firewall", "gossip", "peers"}
	slices.SortStableFunc(r.Facts, func(a, b Fact) int {
		return slices.Index(parts, a.About) - slices.Index(parts, b.About)
	})
	ids := []string{
		"clock", "descriptors", "key", "key-mode", "trust-empty", "interface-down", "no-address", "loopback-only",
		"no-multicast-flag", "port-held", "port-open", "send", "beacons-blocked", "multicast-blocked", "broadcast-blocked",
		"loopback-blocked", "tcp-ports", "firewall-udp", "firewall-tcp", "gossip", "node", "alone", "refused", "static", "peer",
	}
	slices.SortStableFunc(r.Findings, func(a, b Finding) int {
		return slices.Index(ids, a.ID) - slices.Index(ids, b.ID)
	})
}
