package core

// Retrust handles that the trusted keys have changed: peers and connections with a
// key that is not trusted any more are removed.
func (c *Core) Retrust() {
	if c.cfg.Trusts == nil {
		return
	}
	for _, p := range c.peers.all() {
		if !c.cfg.Trusts(p.Key()) {
			c.remove(p, ReasonUntrusted)
		}
	}
	for conn := range c.conns.all() {
		if !c.cfg.Trusts(conn.key) {
			c.closeConn(conn)
		}
	}
	for _, s := range c.static {
		if !c.trusts(s) {
			s.close()
		}
	}
}

// trusts reports whether a configured endpoint may be greeted.
func (c *Core) trusts(s *staticPeer) bool {
	return c.cfg.Trusts == nil || c.cfg.Trusts(s.endpoint.Key)
}
