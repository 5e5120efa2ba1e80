package link

import "context"

// Ping sends a PING even if nothing was sent since the last one, and returns what has to
// be acknowledged: see Await. It waits for the HELLO, which comes first. While the trial
// at the end of the sequences runs (see wrap), no further PING may be sent; the last one
// of the trial takes the place.
func (l *Link) Ping(ctx context.Context) (goal uint64, err error) {
	wake := make(chan struct{}, 1)
	defer l.forget(wake)
	for {
		goal, sent, err := l.pingNow(wake)
		if sent || err != nil {
			return goal, err
		}
		if err := l.set.wait(ctx, wake, nobody, l); err != nil {
			return 0, err
		}
	}
}

// pingNow is Ping, unless the HELLO is not sent yet: then wake is signalled when it is.
func (l *Link) pingNow(wake chan struct{}) (goal uint64, sent bool, err error) {
	l.conn.Lock()
	defer l.conn.Unlock()
	if l.err == nil && l.count.MessagesOut == 0 {
		l.register(wake)
		return 0, false, nil
	}
	if l.err == nil && l.wrap.stage != asking {
		l.ask()
	}
	return l.win.Goal(), l.err == nil, l.err
}
