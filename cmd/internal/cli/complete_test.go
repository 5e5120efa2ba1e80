package cli

import (
	"strings"
	"testing"
)

func TestCompletions(t *testing.T) {
	w := world{
		vars: map[string]string{"HOME": "/home/u", "XDG_STATE_HOME": "relative"},
		files: map[string]string{
			"/home/u/.local/state/zre/history": "/join time\n/shout news hello there\n/whisper bob hi\n" +
				"/join time\nnot a command\n/join \"two words\"\n/shout $(x) y\n/shout a;b c\n/join -x\n/leave\n//join slash\n/join\x1b[2Jred\n",
			"/etc/zre.conf": "[zre]\njoin = lobby\n[zgossip_server]\nport = 1\n",
		},
	}
	const nothing, files = ":4", ":0"
	for args, want := range map[string]string{
		"":                   "lobby\nnews\ntime\n" + nothing,
		"time ":              nothing,
		"--contest ":         "lobby\nnews\ntime\n" + nothing,
		"--name ":            nothing,
		"--id ":              nothing,
		"--quiet-period ":    nothing,
		"--gossip ":          nothing,
		"--metrics ":         nothing,
		"--bufsize ":         nothing,
		"--transport ":       "zmtp\nlibzmq\n" + nothing,
		"--key ":             files,
		"--trust ":           files,
		"--quiet-ping":       "--quiet-ping-rate\t", // with its description
		"--beacon-period 1 ": "lobby\nnews\ntime\n" + nothing,
	} {
		words := strings.Split(args, " ")
		r := w.run(t, "zrecat", append([]string{"__complete"}, words...)...)
		if r.status != 0 || !strings.HasPrefix(r.stdout, want) {
			t.Errorf("%q: status %d\n%s\nwant\n%s", args, r.status, r.stdout, want)
		}
	}
	// Without either file there is nothing, and no error.
	if r := (world{}).run(t, "zrecat", "__complete", ""); r.stdout != nothing+"\n" {
		t.Errorf("without files: %q", r.stdout)
	}
	env := &Env{getenv: func(n string) string { return w.vars[n] }, readFile: func(n string) ([]byte, error) { return []byte(w.files[n]), nil }}
	if peers, _ := env.CompletePeers(nil, nil, ""); len(peers) != 1 || peers[0] != "bob" {
		t.Errorf("peers %q", peers)
	}
}
