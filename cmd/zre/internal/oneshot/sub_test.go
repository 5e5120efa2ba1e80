package oneshot

import (
	"context"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/gozre/zre/cmd/internal/cli"
	"github.com/gozre/zre/zre"
)

// inGroup starts a command and waits until it is in a group that the node sees.
func inGroup(t *testing.T, n *zre.Node, group string, args ...string) *running {
	t.Helper()
	return inGroupTo(t, n, group, nil, args...)
}

// inGroupTo is inGroup with standard output to a file.
func inGroupTo(t *testing.T, n *zre.Node, group string, out *os.File, args ...string) *running {
	t.Helper()
	before := len(n.PeersByGroup(group))
	r := startTo(t, out, "", []*zre.Node{n}, args...)
	until(t, "the command in "+group, func() bool {
		select {
		case <-r.done:
			t.Fatalf("it has ended with status %d: %s", r.status, r.stderr)
		default:
		}
		return len(n.PeersByGroup(group)) > before
	})
	return r
}

func shout(t *testing.T, n *zre.Node, group string, frames ...string) {
	t.Helper()
	var content [][]byte
	for _, f := range frames {
		content = append(content, []byte(f))
	}
	must(t, n.Shout(within(t), group, content...))
}

func TestSub(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"lines":  {nil, "one\ntwo\nthree\n"},
		"null":   {[]string{"--null"}, "one\x00two\n\x00three\x00"},
		"format": {[]string{"-F", "{group}/{name}: {payload}"}, "chat/al\\nice: one\nchat/al\\nice: two\nchat/al\\nice: three\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			alice := peer(t, "al\nice")
			r := inGroup(t, alice, "chat", append([]string{"sub", "chat", "-c", "3"}, c.args...)...)
			shout(t, alice, "chat", "one")
			shout(t, alice, "chat", "t", "wo\n")
			shout(t, alice, "chat", "three")
			if r.wait(0); r.stdout.String() != c.want {
				t.Errorf("printed %q, want %q", r.stdout, c.want)
			}
		})
	}
}

func TestSubJSON(t *testing.T) {
	t.Parallel()
	alice := peer(t, "alice")
	r := inGroup(t, alice, "chat", "sub", "--json", "chat", "-c", "1")
	shout(t, alice, "chat", "\xff")
	r.wait(0).says(`"name":"alice","group":"chat","content":[{"base64":"/w=="}]}`, "")
	r.says(`{"event":"SHOUT","time":"`+time.Now().Format("2006"), "")
}

func TestSubTimes(t *testing.T) {
	t.Parallel()
	alice := peer(t, "alice")
	r := inGroup(t, alice, "chat", "sub", "--times", "chat", "-c", "1")
	shout(t, alice, "chat", "hello")
	at, text, _ := strings.Cut(r.wait(0).stdout.String(), " ")
	if _, err := time.Parse(time.RFC3339, at); err != nil || text != "hello\n" {
		t.Errorf("%q: %v", r.stdout, err)
	}
}

// Without a group it joins all, also those that come later.
func TestSubAll(t *testing.T) {
	t.Parallel()
	alice := peer(t, "alice", "chat")
	r := inGroup(t, alice, "chat", "sub", "-c", "2", "-F", "{group}: {payload}")
	shout(t, alice, "chat", "hello")
	must(t, alice.Join("news"))
	must(t, alice.WaitFor(within(t), "news", 1))
	shout(t, alice, "news", "new")
	r.wait(0).says("chat: hello\nnews: new\n", "")
}

func TestSubEnds(t *testing.T) {
	t.Parallel()
	alice := peer(t, "alice")
	run(t, 4, nil, "sub", "chat", "-W", "0.2").says("", "after 0.2 s: no messages came")
	run(t, 4, nil, "sub", "chat", "-t", "0.2", "-c", "2").says("", "after 0.2 s: 0 of 2 messages came")
	r := inGroup(t, alice, "chat", "sub", "chat", "-W", "3")
	shout(t, alice, "chat", "hello")
	r.wait(0).says("hello\n", "")
	for status, args := range map[int][]string{0: nil, 130: {"-c", "1"}} {
		r := inGroup(t, alice, "chat", append([]string{"sub", "chat"}, args...)...)
		r.interrupt()
		r.wait(status).says("", "")
	}
	for want, args := range map[string][]string{
		"-W and --timeout are the same": {"-W", "1", "-t", "1"},
		"--json has a format":           {"--json", "-F", "{name}"},
		"there is no {nam}":             {"-F", "{nam}"},
		"put {time} into the format":    {"--times", "-F", "{name}"},
		"1 to 255 octets":               {""},
	} {
		run(t, 2, nil, append([]string{"sub"}, args...)...).says("", want)
	}
}

// A reader that has had enough ends it without an error; a full disk is one.
func TestSubOutput(t *testing.T) {
	t.Parallel()
	alice := peer(t, "alice")
	reader, closed, err := os.Pipe()
	must(t, err)
	must(t, reader.Close())
	outputs := map[*os.File]int{closed: 0}
	if full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0); err == nil {
		outputs[full] = 1
	}
	for out, want := range outputs {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		done := make(chan int, 1)
		var stderr text
		p := cli.Program{Name: "zre", Short: "commands", Commands: Commands(), Run: func(context.Context, *cli.Env, []string) error { return nil }}
		before := len(alice.PeersByGroup("chat"))
		go func() {
			done <- cli.Execute(ctx, p, &cli.Env{Stdin: os.Stdin, Stdout: out, Stderr: &stderr},
				[]string{"sub", "--no-beacon", "-i", loopback(t), "--peer", alice.Endpoint(), "chat"})
		}()
		if want == 1 {
			until(t, "the command", func() bool { return len(alice.PeersByGroup("chat")) > before })
			shout(t, alice, "chat", "hello")
		}
		if status := <-done; status != want || (want == 1) != strings.Contains(stderr.String(), "standard output: ") {
			t.Errorf("status %d, want %d: %s", status, want, &stderr)
		}
		must(t, out.Close())
	}
}
