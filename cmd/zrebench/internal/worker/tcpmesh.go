package worker

import (
	"errors"
	"io"
	"net"
	"sync"
)

// tcpMesh is listeners and connections, without anything on top: what links of Go cost at least.
// For each accepted connection there is a goroutine that reads.
type tcpMesh struct {
	members []*tcpMember
	readers sync.WaitGroup
}

// tcpMember stands for one node.
type tcpMember struct {
	listener net.Listener
	out      []net.Conn
	greeted  chan struct{} // one for each greeting
	mu       sync.Mutex
	in       []net.Conn
	closed   bool
}

func newTCPMesh(n int) (*tcpMesh, error) {
	m := &tcpMesh{}
	for range n {
		l, err := net.Listen("tcp4", "127.0.0.1:0")
		if err != nil {
			m.close()
			return nil, err
		}
		member := &tcpMember{listener: l, greeted: make(chan struct{}, 1<<10)}
		m.members = append(m.members, member)
		m.readers.Go(func() { member.accept(&m.readers) })
	}
	return m, nil
}

// accept has a goroutine read from each connection, until the listener is closed.
func (m *tcpMember) accept(readers *sync.WaitGroup) {
	for {
		c, err := m.listener.Accept()
		if err != nil {
			return
		}
		m.mu.Lock()
		closed := m.closed
		if !closed {
			m.in = append(m.in, c)
		}
		m.mu.Unlock()
		if closed {
			_ = c.Close()
			return
		}
		readers.Go(func() { m.read(c) })
	}
}

// read reports each greeting, until the connection is closed.
func (m *tcpMember) read(c net.Conn) {
	var buf [greeting]byte
	for {
		if _, err := io.ReadFull(c, buf[:]); err != nil {
			return
		}
		m.greeted <- struct{}{}
	}
}

func (m *tcpMesh) endpoints() []string {
	var list []string
	for _, member := range m.members {
		list = append(list, member.listener.Addr().String())
	}
	return list
}

func (m *tcpMesh) connect(i int, endpoint string) error {
	c, err := net.Dial("tcp4", endpoint)
	if err == nil {
		m.members[i].out = append(m.members[i].out, c)
	}
	return err
}

func (m *tcpMesh) greet(octets int) error {
	message := make([]byte, octets)
	for _, member := range m.members {
		for _, c := range member.out {
			if _, err := c.Write(message); err != nil {
				return err
			}
		}
	}
	return nil
}

func (m *tcpMesh) await(messages int) error {
	for _, member := range m.members {
		if messages > cap(member.greeted) {
			return errors.New("worker: more greetings than there is room for")
		}
		for range messages {
			<-member.greeted
		}
	}
	return nil
}

// close closes everything and waits for the goroutines.
func (m *tcpMesh) close() {
	for _, member := range m.members {
		_ = member.listener.Close()
		member.mu.Lock()
		member.closed = true
		for _, c := range append(member.in, member.out...) {
			_ = c.Close()
		}
		member.mu.Unlock()
	}
	m.readers.Wait()
}
