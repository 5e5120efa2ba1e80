//go:build unix

package oneshot

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gozre/zre/cmd/internal/cli"
	"github.com/gozre/zre/zre"
)

// ask sends a request to a group, or to its members one by one, and returns the answer.
func ask(t *testing.T, n *zre.Node, group string, whisper bool, payload ...string) (status int, answer string) {
	t.Helper()
	id := newRequestID()
	content := append([][]byte{requestFrame(id)}, frames(payload...)...)
	if whisper {
		must(t, n.Whisper(within(t), n.PeersByGroup(group)[0].ID, content...))
	} else {
		must(t, n.Shout(within(t), group, content...))
	}
	for {
		ev := next(t, n, zre.EventWhisper)
		if status, payload, ok := parseReply(ev.Content, id); ok {
			return status, string(bytes.Join(payload, nil))
		}
	}
}

func TestReply(t *testing.T) {
	t.Parallel()
	alice := listener(t, "alice")
	r := inGroup(t, alice, "up", "reply", "--json", "up", "--", "sh", "-c", `tr a-z A-Z; echo " $ZRE_EVENT $ZRE_NAME $ZRE_GROUP"; exit ${ZRE_HEADER_X:-0}`)
	if status, answer := ask(t, alice, "up", false, "he", "llo"); status != 0 || answer != "HELLO SHOUT alice up\n" {
		t.Errorf("%d %q", status, answer)
	}
	if status, answer := ask(t, alice, "up", true); status != 0 || answer != " WHISPER alice \n" {
		t.Errorf("%d %q", status, answer)
	}
	// What is no request is not answered.
	shout(t, alice, "up", "hello")
	shout(t, alice, "up", "ZRE-REQUEST/1 x")
	r.interrupt()
	r.wait(0).says(`"for":"SHOUT"`, "")
	if n := strings.Count(r.stdout.String(), `"event":"RAN"`); n != 2 {
		t.Errorf("%d commands ran: %s", n, r.stdout)
	}
}

// What a peer sends is data: on standard input and in the environment, and nowhere else.
func TestReplyHostile(t *testing.T) {
	t.Parallel()
	evil := "'; touch pwned; $(touch pwned) `touch pwned`\x00\xff\n"
	alice := peerWith(t, evil[:40], func(c *zre.Config) { c.Headers = map[string]string{"X\x00'": evil} })
	inGroup(t, alice, "g", "reply", "g", "--", "cat")
	if status, answer := ask(t, alice, "g", false, evil, strings.Repeat("x", 1<<20)); status != 0 || answer != evil+strings.Repeat("x", 1<<20) {
		t.Errorf("status %d, %d octets", status, len(answer))
	}
	if _, err := os.Stat("pwned"); err == nil {
		t.Error("what a peer sent was run")
	}
}

func TestReplyStatuses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		script string
		status int
		answer string
	}{
		"fails":          {"echo no; exit 3", 3, "no\n"},
		"killed":         {"kill -9 $$", 137, ""},
		"too long":       {"echo begun; sleep 1000", statusLate, ""},
		"too much":       {"echo begun; exec yes", statusTooLarge, ""},
		"ignores TERM":   {"trap '' TERM; echo begun; sleep 1000; sleep 1000", statusLate, ""},
		"reads nothing":  {"exec < /dev/null; echo ok", 0, "ok\n"},
		"leaves a child": {"sleep 1000 & echo ok", 0, "ok\n"},
		"a pipe":         {"yes | head -n 1; exit 0", 0, "y\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			alice := listener(t, "alice")
			limit := "60"
			if c.status == statusLate {
				limit = "0.3"
			}
			r := inGroup(t, alice, "g", "reply", "--command-timeout", limit, "--max-answer", "64K", "-c", "1", "g", "--", "sh", "-c", c.script)
			if status, answer := ask(t, alice, "g", false, strings.Repeat("x", 200000)); status != c.status || answer != c.answer {
				t.Errorf("%d %q, want %d %q", status, answer, c.status, c.answer)
			}
			want, stderr := 0, ""
			if c.status != 0 {
				want, stderr = cli.ExitFailure, "1 of 1 commands failed"
			}
			r.wait(want).says("", stderr)
		})
	}
	alice := listener(t, "alice")
	script := filepath.Join(t.TempDir(), "script")
	must(t, os.WriteFile(script, []byte("#!/does/not/exist\n"), 0o700))
	inGroup(t, alice, "g", "reply", "g", "--", script)
	if status, answer := ask(t, alice, "g", false); status != statusNotRun || answer != "" {
		t.Errorf("%d %q", status, answer)
	}
}

// So many commands run at a time, and the others wait.
func TestReplyParallel(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	alice := listener(t, "alice")
	inGroup(t, alice, "g", "reply", "--parallel", "2", "g", "--", "sh", "-c",
		`i=$(cat); : > "`+dir+`/$i"; ls "`+dir+`" | wc -l; while [ ! -e "`+dir+`/go$i" ]; do sleep 0.02; done; rm "`+dir+`/$i"`)
	ids := map[string]string{}
	for i := range 4 {
		id := newRequestID()
		ids[id] = fmt.Sprint(i)
		must(t, alice.Shout(within(t), "g", requestFrame(id), []byte(fmt.Sprint(i))))
	}
	running := func() (n int) {
		entries, err := os.ReadDir(dir)
		must(t, err)
		for _, e := range entries {
			if !strings.HasPrefix(e.Name(), "go") {
				n++
			}
		}
		return n
	}
	until(t, "two commands", func() bool { return running() == 2 })
	most := 0
	for i := range 4 {
		must(t, os.WriteFile(filepath.Join(dir, "go"+strconv.Itoa(i)), nil, 0o600))
		for range 10 {
			most = max(most, running())
			time.Sleep(5 * time.Millisecond)
		}
	}
	for range 4 {
		next(t, alice, zre.EventWhisper)
	}
	if most > 2 {
		t.Errorf("%d commands ran at a time", most)
	}
}

// alive reports whether a process runs. A zombie does not.
func alive(pid int) bool {
	if syscall.Kill(pid, 0) != nil {
		return false
	}
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err != nil || !strings.Contains(string(stat), ") Z ")
}

// The commands, and what they started, end with the program.
func TestChildrenEnd(t *testing.T) {
	t.Parallel()
	for _, command := range []string{"reply", "on"} {
		file := filepath.Join(t.TempDir(), "pids")
		alice := listener(t, "alice")
		r := inGroup(t, alice, "g", command, "g", "--", "sh", "-c", `sleep 1000 & echo $$ $! > "`+file+`.new"; mv "`+file+`.new" "`+file+`"; wait`)
		must(t, alice.Shout(within(t), "g", requestFrame(newRequestID())))
		var pids []int
		until(t, "the command", func() bool {
			text, err := os.ReadFile(file)
			if err != nil {
				return false
			}
			for _, word := range strings.Fields(string(text)) {
				pid, err := strconv.Atoi(word)
				must(t, err)
				pids = append(pids, pid)
			}
			return true
		})
		r.interrupt()
		r.wait(0)
		for _, pid := range pids {
			until(t, fmt.Sprintf("the end of process %d", pid), func() bool { return !alive(pid) })
		}
	}
}

func TestReplyUsage(t *testing.T) {
	t.Parallel()
	for want, args := range map[string][]string{
		"a command follows after --":  {"g"},
		"right: zre reply GROUP":      {"g", "--"},
		"one group before --, not 0":  {"--", "cat"},
		"right: zre reply GROUP -- ":  {"g", "sh", "-c", "cat"},
		"one group before --, not 2":  {"a", "b", "--", "cat"},
		"/does/not/exist cannot be ":  {"g", "--", "/does/not/exist"},
		"--max-answer 256M: at most ": {"--max-answer", "256M", "g", "--", "cat"},
	} {
		run(t, 2, nil, append([]string{"reply"}, args...)...).says("", want)
	}
	run(t, 4, nil, "reply", "-t", "0.2", "g", "--", "cat").says("", "after 0.2 s: no requests came")

	// A command that --timeout has ended did not fail.
	for status, args := range map[int][]string{0: {"reply", "-t", "3", "g"}, 4: {"reply", "-c", "1", "-t", "3", "g"}} {
		alice := listener(t, "alice")
		r := inGroup(t, alice, "g", append(args, "--", "sleep", "1000")...)
		must(t, alice.Shout(within(t), "g", requestFrame(newRequestID())))
		r.wait(status)
	}
}

func TestOn(t *testing.T) {
	t.Parallel()
	alice := peer(t, "alice")
	file := filepath.Join(t.TempDir(), "out")
	r := inGroup(t, alice, "g", "on", "-c", "3", "g", "--", "sh", "-c", `echo "$ZRE_EVENT $ZRE_NAME $ZRE_GROUP $(cat)" >> "`+file+`"; echo printed`)
	shout(t, alice, "g", "one ", "two")
	must(t, alice.Whisper(within(t), alice.PeersByGroup("g")[0].ID, []byte("three")))
	shout(t, alice, "g", "four")
	r.wait(0).says("printed\nprinted\nprinted\n", "")
	text, err := os.ReadFile(file)
	if want := "SHOUT alice g one two\nWHISPER alice  three\nSHOUT alice g four\n"; err != nil || string(text) != want {
		t.Errorf("%q, want %q, %v", text, want, err)
	}
}

// A command that fails is named and counted, and the next event is handled.
func TestOnFails(t *testing.T) {
	t.Parallel()
	alice := peer(t, "alice")
	r := inGroup(t, alice, "g", "on", "--json", "-c", "3", "g", "--", "sh", "-c", `exit $(cat)`)
	for _, status := range []string{"0", "7", "0"} {
		shout(t, alice, "g", status)
	}
	r.wait(1).says(`"status":7,"reason":"exit status 7"`, "zre on: the command for the SHOUT of alice ("+alice.ID().String()+") failed: exit status 7")
	r.says(`"status":0`, "zre on: 1 of 3 commands failed\n")
}

func TestOnEvents(t *testing.T) {
	t.Parallel()
	alice := peer(t, "alice", "g", "other")
	r := start(t, "", []*zre.Node{alice}, "on", "-e", "enter,exit", "-e", "JOIN,LEAVE", "g", "--", "sh", "-c",
		`echo "$ZRE_EVENT $ZRE_NAME $ZRE_GROUP$ZRE_REASON ${ZRE_ENDPOINT%:*}"`)
	until(t, "ENTER and JOIN", func() bool { return r.stdout.String() == "ENTER alice  tcp://127.0.0.1\nJOIN alice g \n" })
	must(t, alice.Leave("g"))
	shout(t, alice, "g", "no event that it is for")
	must(t, alice.Close())
	until(t, "EXIT", func() bool { return strings.HasSuffix(r.stdout.String(), "LEAVE alice g \nEXIT alice goodbye \n") })
	r.interrupt()
	r.wait(0)

	visitor := peerWith(t, "visitor", visit)
	run(t, 4, []*zre.Node{visitor}, "on", "-e", "ENTER", "-t", "1", "--", "echo").says("", "no events came")
	run(t, 0, []*zre.Node{visitor}, "on", "-e", "ENTER", "-c", "1", "--all", "--", "echo", "came").says("came\n", "")
	run(t, 2, nil, "on", "--", "echo").says("", "which group?")
	run(t, 2, nil, "on", "-e", "SHOT", "--", "echo").says("", "not an event (right: SHOUT, ")
}

// The leader of a group that it elects.
func TestOnLeader(t *testing.T) {
	t.Parallel()
	alice := peerWith(t, "alice", func(c *zre.Config) { c.Groups, c.Contest, c.DiscardEvents = []string{"g"}, []string{"g"}, true })
	run(t, 0, []*zre.Node{alice}, "on", "-e", "LEADER", "-c", "1", "g", "--", "sh", "-c", `echo "$ZRE_NAME leads $ZRE_GROUP"`).says("alice leads g\n", "")
}

func TestRunnerStopsWithContext(t *testing.T) {
	t.Parallel()
	r := runner{argv: []string{"sh", "-c", "echo begun; sleep 1000"}}
	ctx, cancel := context.WithCancel(context.Background())
	var out text
	ended := make(chan result, 1)
	go func() { ended <- r.run(ctx, job{stdout: &out, stderr: &out}) }()
	until(t, "the command", func() bool { return out.String() != "" })
	cancel()
	select {
	case res := <-ended:
		if res.status != 128+int(syscall.SIGTERM) || res.took <= 0 {
			t.Errorf("%+v", res)
		}
	case <-time.After(patience):
		t.Fatal("the command does not end")
	}
}
