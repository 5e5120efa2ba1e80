package core

import "time"

// regreet ends the session with a peer and begins a new one on a new link. The
// connection is kept, unless it was before and the peer has not shown since that it
// hears us by it.
func (c *Core) regreet(now time.Duration, p *Peer, endpoint, reason string) *Peer {
	static := p.static
	keep := ""
	if p.ready {
		p.since = now
		p.again = true
		if endpoint == p.endpoint && !p.evasive && (p.answered || !p.kept) && reason != ReasonUnheard {
			keep = reason
		}
	}
	c.exit(p, reason)
	if keep == "" {
		p.link.Close(reason)
	}
	p.static = static
	p.endpoint = endpoint
	p.other = ""
	p.kept = keep != ""
	p.pinged, p.waiting, p.evasive, p.silent = 0, 0, false, false
	if !c.open(now, p, keep) {
		c.forget(p)
		if static != nil {
			static.lost()
		}
		return nil
	}
	return p
}
