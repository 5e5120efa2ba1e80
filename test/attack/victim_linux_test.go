package attack

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/gozre/zre/zre"
)

// victimEnv makes the test binary a node that is attacked.
const victimEnv = "ZRE_ATTACK_VICTIM"

func TestMain(m *testing.M) {
	if os.Getenv(victimEnv) != "" {
		if err := runVictim(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// config is the configuration of all nodes of a row.
func config(name string, port int) zre.Config {
	return zre.Config{Name: name, Discovery: zre.Discovery{Interfaces: []string{"lo"}, BeaconPort: port}}
}

// runVictim is the attacked node. It sends each message back, says which peers leave, and ends
// with its standard input.
func runVictim() error {
	port, err := strconv.Atoi(os.Getenv(victimEnv))
	if err != nil {
		return err
	}
	if files, err := strconv.ParseUint(os.Getenv(victimEnv+"_FILES"), 10, 64); err == nil && files > 0 {
		if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{Cur: files, Max: files}); err != nil {
			return err
		}
	}
	cfg := config("victim", port)
	cfg.Timing.SlowPeer = time.Second // The echoes are sent from the loop that takes the events.
	cfg.Discovery.GossipBind = os.Getenv(victimEnv + "_GOSSIP")
	n, err := zre.Start(context.Background(), cfg)
	if err != nil {
		return err
	}
	fmt.Println(n.Endpoint(), n.ID())
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		n.Close()
	}()
	for ev := range n.Events() {
		switch ev.Type {
		case zre.EventWhisper:
			ctx, cancel := context.WithTimeout(context.Background(), time.Second)
			_ = n.Whisper(ctx, ev.Peer, ev.Content...)
			cancel()
		case zre.EventExit:
			fmt.Println("exit", ev.Name)
		}
	}
	return nil
}

// victim is the attacked process.
type victim struct {
	cmd      *exec.Cmd
	stdin    io.Closer
	endpoint string
	id       string
	exits    atomic.Int32 // of the honest node
	all      atomic.Int32 // EXIT events in all
	read     chan struct{}
}

func startVictim(t *testing.T, port int, gossip string, files int) *victim {
	t.Helper()
	v := &victim{cmd: exec.Command(os.Args[0]), read: make(chan struct{})}
	v.cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%d", victimEnv, port), victimEnv+"_GOSSIP="+gossip,
		fmt.Sprintf("%s_FILES=%d", victimEnv, files))
	v.cmd.Stderr = os.Stderr
	stdin, err := v.cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := v.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := v.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	v.stdin = stdin
	lines := bufio.NewScanner(out)
	if !lines.Scan() {
		t.Fatal("the victim does not start")
	}
	v.endpoint, v.id, _ = strings.Cut(lines.Text(), " ")
	go func() {
		defer close(v.read)
		for lines.Scan() {
			if what, name, _ := strings.Cut(lines.Text(), " "); what == "exit" {
				v.all.Add(1)
				if name == "honest" {
					v.exits.Add(1)
				}
			}
		}
	}()
	t.Cleanup(v.stop)
	return v
}

// stop ends the process, if necessary by force.
func (v *victim) stop() {
	if v.stdin == nil {
		return
	}
	v.stdin.Close()
	v.stdin = nil
	timer := time.AfterFunc(20*time.Second, func() { _ = v.cmd.Process.Kill() })
	<-v.read
	_ = v.cmd.Wait()
	timer.Stop()
}

// usage is what the process uses.
type usage struct {
	memory int64 // octets resident
	cpu    time.Duration
	files  int
}

func (v *victim) usage(t *testing.T) usage {
	t.Helper()
	dir := fmt.Sprintf("/proc/%d/", v.cmd.Process.Pid)
	files, err := os.ReadDir(dir + "fd")
	if err != nil {
		t.Fatalf("the victim is gone: %v", err)
	}
	statm, err := os.ReadFile(dir + "statm")
	if err != nil {
		t.Fatal(err)
	}
	stat, err := os.ReadFile(dir + "stat")
	if err != nil {
		t.Fatal(err)
	}
	pages, _ := strconv.ParseInt(strings.Fields(string(statm))[1], 10, 64)
	_, rest, _ := strings.Cut(string(stat), ") ")
	fields := strings.Fields(rest)
	user, _ := strconv.ParseInt(fields[11], 10, 64)
	system, _ := strconv.ParseInt(fields[12], 10, 64)
	const tick = 10 * time.Millisecond // USER_HZ is 100 on all of Linux.
	return usage{pages * int64(os.Getpagesize()), time.Duration(user+system) * tick, len(files)}
}
