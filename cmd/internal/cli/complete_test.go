package cli

import (
	"strings"
	"testing"

	"github.com/spf13/cobra"
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
		"--transport ":       "zmtp\ntcp\nlibzmq\n" + nothing,
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

// What the usage line calls the arguments decides what is offered for them.
func TestCompletionsOfArguments(t *testing.T) {
	env := &Env{getenv: func(string) string { return "/s" }, readFile: func(string) ([]byte, error) {
		return []byte("/join time\n/whisper bob hi\n"), nil
	}}
	const nothing, files = cobra.ShellCompDirectiveNoFileComp, cobra.ShellCompDirectiveDefault
	for _, c := range []struct {
		usage     string
		typed     []string
		want      string
		directive cobra.ShellCompDirective
	}{
		{"", nil, "", nothing},
		{"GROUP", nil, "time", nothing},
		{"GROUP", []string{"a"}, "", nothing},
		{"[GROUP...]", []string{"a", "b"}, "time", nothing},
		{"PEER", nil, "bob", nothing},
		{"{PEER | --group GROUP} [TEXT...]", nil, "bob", nothing},
		{"{PEER | --group GROUP} [TEXT...]", []string{"bob"}, "", nothing},
		{"FILE", nil, "", files},
		{"GROUP [DIR]", nil, "time", nothing},
		{"GROUP [DIR]", []string{"time"}, "", cobra.ShellCompDirectiveFilterDirs},
		{"GROUP [DIR]", []string{"time", "in"}, "", nothing},
		{"FILE... {GROUP | PEER}", nil, "", files},
		{"FILE... {GROUP | PEER}", []string{"a"}, "bob time", nothing},
		{"GROUP -- COMMAND [ARG...]", nil, "time", nothing},
		{"GROUP -- COMMAND [ARG...]", []string{"time", "--"}, "", files},
		{"[GROUP...] -- COMMAND [ARG...]", []string{"--", "x"}, "", files},
	} {
		cmd := &cobra.Command{}
		if err := cmd.Flags().Parse(c.typed); err != nil {
			t.Fatal(err)
		}
		got, directive := env.completeArguments(c.usage)(cmd, cmd.Flags().Args(), "")
		if strings.Join(got, " ") != c.want || directive != c.directive {
			t.Errorf("%q after %q: %q %d, want %q %d", c.usage, c.typed, got, directive, c.want, c.directive)
		}
	}
}
