package zmq

import (
	"crypto/rand"
	"io"
	"net"
	"testing"
	"time"

	"golang.org/x/crypto/nacl/box"

	"github.com/gozre/zre/internal/curve"
)

// badServer speaks CURVE (ZeroMQ RFC 26) far enough to answer HELLO with a WELCOME whose session key is zeros,
// which only who holds the server's secret key can. It tells of each WELCOME that it has sent.
func badServer(t *testing.T, secret string) (endpoint string, welcomes chan struct{}) {
	t.Helper()
	key, err := curve.Parse(secret)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	welcomes = make(chan struct{}, 100)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			if err := welcome(c, key); err == nil {
				welcomes <- struct{}{}
			}
			c.Close()
		}
	}()
	return "tcp://" + l.Addr().String(), welcomes
}

func welcome(c net.Conn, key [curve.Size]byte) error {
	const helloSize, welcomeSize, keyAt = 200, 168, 6 + 2 + 72
	if err := c.SetDeadline(time.Now().Add(limit)); err != nil {
		return err
	}
	greeting := make([]byte, 64) // signature, version 3.1, mechanism CURVE, the server
	greeting[0], greeting[9], greeting[10], greeting[11], greeting[32] = 0xff, 0x7f, 3, 1, 1
	copy(greeting[12:], "CURVE")
	if _, err := c.Write(greeting); err != nil {
		return err
	}
	hello := make([]byte, 2+helloSize)
	for _, read := range [][]byte{make([]byte, 64), hello} {
		if _, err := io.ReadFull(c, read); err != nil {
			return err
		}
	}
	var nonce [24]byte
	copy(nonce[:], "WELCOME-")
	if _, err := rand.Read(nonce[8:]); err != nil {
		return err
	}
	client := [curve.Size]byte(hello[2+keyAt:])
	out := append([]byte{4, welcomeSize, 7}, "WELCOME"...)
	out = append(out, nonce[8:]...)
	out = box.Seal(out, make([]byte, curve.Size+96), &nonce, &client, &key) // the session key, and a cookie
	_, err := c.Write(out)
	return err
}

// libzmq would end the process: see beforenm_linux.c.
func TestSessionKeyOfSmallOrder(t *testing.T) {
	c := open(t)
	server, serverSecret := pair(t)
	public, secret := pair(t)
	at, welcomes := badServer(t, serverSecret)
	s := dealer(t, c, at, Options{Curve: &Curve{PublicKey: public, SecretKey: secret, ServerKey: server}, ReconnectInterval: time.Millisecond})
	send(t, s, []byte("never arrives"))
	for range 3 { // it tries again, so it has survived
		select {
		case <-welcomes:
		case <-time.After(limit):
			t.Fatal("the server was not asked")
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	// The same keys serve with a server as it should be.
	b := bouncer{list: []string{public}}
	in, at := router(t, c, Options{Curve: &Curve{PublicKey: server, SecretKey: serverSecret, Allow: b.allow}})
	send(t, dealer(t, c, at, Options{Curve: &Curve{PublicKey: public, SecretKey: secret, ServerKey: server}}), []byte("hello"))
	if m := collect(t, in, 1)[0]; len(m) != 3 || string(m[1]) != public || string(m[2]) != "hello" {
		t.Errorf("message %q", m)
	}
}
