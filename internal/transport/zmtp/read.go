package zmtp

import "github.com/gozre/zre/internal/transport"

// receive reads and hands over what arrives until the connection ends, and returns
// why it did, or until the link rests: errRests. What came with the handshake is parsed first.
func (l *link) receive(leftover []byte) error {
	in := &l.in
	for len(leftover) > 0 {
		_, b := in.target()
		n := copy(b, leftover)
		leftover = leftover[n:]
		if err := in.arrived(n); err != nil {
			return err
		}
	}
	for {
		n, err := l.read()
		if err != nil {
			if err = l.rest(err); err == errRests {
				return err
			} else if err != nil {
				return classify(err)
			}
			continue
		}
		if beat := l.engine.beat.Load(); l.heard.Load() != beat {
			l.heard.Store(beat)
		}
		if err := in.arrived(n); err != nil {
			return err
		}
		l.account(n)
	}
}

// prepareIO makes what reading and writing need, once the socket is known.
func (l *link) prepareIO() {
	l.in.limits = &l.engine.reader
	if !l.conn.Dialed {
		l.in.limits, l.in.admitted = &l.engine.stranger, l.conn.Admitted
		l.in.later = &l.engine.reader
	}
	l.in.sink = l
	l.in.reader.prepare(&l.in)
	l.in.reader.waits = !canRest || !l.conn.Dialed
}

// messages implements sink.
func (l *link) messages(batch []transport.Message) {
	if l.leaving.Load() {
		return
	}
	l.delivered = true
	if canRest && !l.greeted {
		l.greeted, l.in.reader.waits = true, false
	}
	l.busy.Store(true)
	l.handler.Receive(l.conn, batch)
	l.heard.Store(l.engine.beat.Load()) // First, so that the link does not look silent.
	l.busy.Store(false)
}
