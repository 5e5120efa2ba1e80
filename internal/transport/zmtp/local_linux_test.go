package zmtp

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/gozre/zre/internal/lab"
	"github.com/gozre/zre/internal/transport"
)

// Ends of one host use a Unix domain socket, at whichever address the other one listens, and know each
// other by their addresses.
func TestLocal(t *testing.T) {
	for _, tc := range []struct{ listen, dial, from string }{
		{"127.0.0.1", "127.0.0.1", "127.0.0.1"},
		{"127.0.0.7", "127.0.0.7", "127.0.0.1"},
		{"::1", "::1", "::1"},
		{"::", "::1", "::1"},
		{"::", "127.0.0.1", "127.0.0.1"},
		{"0.0.0.0", "127.0.0.1", "127.0.0.1"},
	} {
		t.Run(tc.listen+" "+tc.dial, func(t *testing.T) {
			a, b := newEnd(t), newEnd(t)
			at, err := b.Listen(netip.AddrPortFrom(netip.MustParseAddr(tc.listen), 0))
			if errors.Is(err, transport.ErrAddrNotAvailable) {
				t.Skip("this host has no IPv6")
			}
			if err != nil {
				t.Fatal(err)
			}
			b.addr = netip.AddrPortFrom(netip.MustParseAddr(tc.dial), at.Port())
			out, in := connected(t, a, b)
			if !linkOf(out).local || !linkOf(in).local {
				t.Error("the connection is over TCP")
			}
			if out.conn.Remote != b.addr || in.conn.Remote != netip.AddrPortFrom(netip.MustParseAddr(tc.from), 0) {
				t.Errorf("remote addresses %v and %v", out.conn.Remote, in.conn.Remote)
			}
			local, remote, ok := linkOf(out).ends()
			if !ok || local != b.addr.Addr() || remote != b.addr.Addr() {
				t.Errorf("ends %v and %v, %v", local, remote, ok)
			}
		})
	}
}

// Whichever end is for TCP only, TCP it is.
func TestLocalWithTCPOnly(t *testing.T) {
	for _, options := range [][2]func(*transport.Config){{overTCP, theSystemsChoice}, {theSystemsChoice, overTCP}} {
		out, in := connected(t, newEnd(t, options[0]), newEnd(t, options[1]))
		if linkOf(out).local || linkOf(in).local || in.conn.Remote.Port() == 0 {
			t.Error("the connection is not over TCP")
		}
	}
}

// An address of another host is reached over TCP, whatever is called by it here.
func TestLocalNameOfAnotherHost(t *testing.T) {
	s := lab.NewSwitch(t, "10.99.0.0/24", lab.Line{})
	here, there := lab.New(t), lab.New(t)
	s.Plug(here, "eth0")
	port := s.Plug(there, "eth0")
	b := endOn(t, there, netip.AddrPortFrom(port.Addr, 0))
	var squatter *net.UnixListener
	var err error
	here.Inside(func() {
		squatter, err = net.ListenUnix("unix", &net.UnixAddr{Net: "unix", Name: localName + b.addr.String()})
	})
	if err != nil {
		t.Fatal(err)
	}
	defer squatter.Close()
	var c socket
	here.Inside(func() { c = newEnd(t).Transport.(*engine).dialLocal(b.addr) })
	if c != nil {
		t.Error("connected to a process of this host")
		_ = c.Close()
	}
}

// A process of another user that has taken the name of an address does not get our connections.
func TestLocalNameTakenByAnotherUser(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can start a process of another user")
	}
	b := newEnd(t, overTCP)
	binary := readableCopy(t)
	cmd := exec.CommandContext(t.Context(), binary)
	cmd.Env = append(os.Environ(), localRole+"="+localName+b.addr.String())
	cmd.Dir = "/"
	cmd.Stderr = os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := bufio.NewReader(out).ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	o, _ := connected(t, newEnd(t), b)
	if linkOf(o).local {
		t.Error("connected to the process of another user")
	}
	_ = in.Close()
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
}

// readableCopy returns a copy of this program that every user can run.
func readableCopy(t *testing.T) string {
	t.Helper()
	program, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp("/tmp", "zmtp") // The directories of t.TempDir are for this user only.
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	path := dir + "/test"
	if err := os.WriteFile(path, program, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

// A process that connects to the Unix socket without an address of this host in its name is not let
// in; others are.
func TestLocalStranger(t *testing.T) {
	b := newEnd(t)
	for _, name := range []string{
		"", "@zre test", localFrom, localFrom + "/1", localFrom + "192.0.2.1/1", localFrom + "0.0.0.0/1",
		localFrom + "::%lo/1", localFrom + strings.Repeat("1", 80),
		localFrom + "::ffff:192.0.2.1/1", localFrom + "\xff\n/1", localFrom + "fe80::1%/1",
	} {
		d := net.Dialer{}
		if name != "" {
			d.LocalAddr = &net.UnixAddr{Net: "unix", Name: name}
		}
		c, err := d.DialContext(t.Context(), "unix", localName+b.addr.String())
		if err != nil {
			t.Fatalf("%q: %v", name, err)
		}
		octets, err := io.ReadAll(c)
		if len(octets) > 0 || err != nil && !errors.Is(err, unix.ECONNRESET) {
			t.Errorf("%q: %q, %v", name, octets, err)
		}
		_ = c.Close()
	}
	connected(t, newEnd(t), b)
}

// A message that is larger than what the system keeps arrives whole, also when it is read late; how
// much was taken is known meanwhile.
func TestLocalLargeMessage(t *testing.T) {
	a, b := newEnd(t), newEnd(t)
	out, in := connected(t, a, b)
	in.gate.Lock()
	want := bytes.Repeat([]byte("0123456789abcdef"), 1<<16)
	for range 4 {
		if err := out.conn.Send([]byte("first"), want); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, "a part is with the other end", func() bool {
		b, known := out.conn.Backlog()
		return known && b.Acked > 0 && b.Unacked == 0
	})
	if b, _ := out.conn.Backlog(); b.Acked > 3<<20 {
		t.Errorf("%d octets are with the other end, which does not read", b.Acked)
	}
	in.gate.Unlock()
	for range 4 {
		if m := got(t, "a message", in.inbox); len(m) != 2 || !bytes.Equal(m[1], want) {
			t.Error("another message")
		}
	}
	eventually(t, "all is with the other end", func() bool {
		b, known := out.conn.Backlog()
		return known && b.Acked > 4<<20
	})
}

// The end of a connection is known although what came before is not read.
func TestLocalEnded(t *testing.T) {
	a, b := newEnd(t), newEnd(t)
	out, in := connected(t, a, b)
	in.gate.Lock()
	defer in.gate.Unlock()
	if in.conn.Ended() || in.conn.Unreceived(0) {
		t.Error("ended or cut before it was")
	}
	for range 3 {
		if err := out.conn.Send([]byte("x")); err != nil {
			t.Fatal(err)
		}
	}
	out.conn.Close(patience)
	eventually(t, "the end is known", in.conn.Ended)
}
