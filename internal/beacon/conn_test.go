package beacon

import "testing"

// Each way that a beacon takes is heard: by broadcast and in both groups.
func TestConnsHearEachOther(t *testing.T) {
	port := freePort(t)
	in := newInbox()
	open(t, Config{Port: port, Handler: in.handle})
	b := open(t, Config{Port: port})
	send(t, b, "hello")
	for range 3 {
		in.want(t, "hello")
	}
}
