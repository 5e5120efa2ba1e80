//go:build unix

package e2e

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gozre/zre/internal/lab"
)

// script runs a shell script with the programs in its path, as a user would, and returns what
// it prints and its status.
func script(t *testing.T, h *lab.Host, text string) (output string, status int) {
	t.Helper()
	dir, err := programs()
	if err != nil {
		t.Fatal(err)
	}
	sh := h.Command("timeout", strconv.Itoa(int(patience.Seconds())), "sh", "-c", text)
	sh.Dir = t.TempDir()
	sh.WaitDelay = time.Second // for what a script that hangs has left running
	sh.Env = append(os.Environ(), "PATH="+dir+":"+os.Getenv("PATH"), "ZRECFG="+configuration(t, h, ""), "ZRENAME=")
	var errput bytes.Buffer
	sh.Stderr = &errput
	out, err := sh.Output()
	if _, ok := errors.AsType[*exec.ExitError](err); err != nil && !ok {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the script said on standard error:\n%s", errput.String())
		}
	})
	return string(out), sh.ProcessState.ExitCode()
}

// TestScripts are the uses that README.md and the manuals show, and what people put into
// scripts.
func TestScripts(t *testing.T) {
	parallel(t)
	tests := map[string]struct {
		text   string
		want   string
		status int
	}{
		"a file": {`
			zrecat -r -u test > got & receiver=$!
			cat /etc/passwd | zrecat test && wait $receiver && cmp got /etc/passwd && echo same`,
			"same\n", 0},
		"a command again and again": {`
			( while echo tick; do sleep 0.05; done ) 2>/dev/null | zrecat -l ticks & sender=$!
			zrecat -r -c 3 ticks; kill $sender; wait $sender`,
			"tick\ntick\ntick\n", 143},
		"by line": {`
			zrecat -r -c 3 test & receiver=$!
			printf 'a\nb\nc' | zrecat -l test; wait $receiver`,
			"a\nb\nc", 0},
		"question and answer": {`
			( zrecat -r -c 1 -O 100 test; echo answer | zrecat test ) & server=$!
			echo question | zrecat -c 1 test; wait $server`,
			"question\nanswer\n", 0},
		"a service receives": {`
			zrecat test < /dev/null > got & receiver=$!
			echo hello | zrecat test; kill $receiver; wait $receiver && cat got`,
			"hello\n", 0},
		"an empty file is sent at once": {`zrecat test < /dev/null -N && : | zrecat test && echo sent`, "sent\n", 0},
		"the reader has enough": {`
			( zrecat -r test; echo "status $?" >&2 ) 2>&1 >/dev/full | grep -o 'standard output: .*' & full=$!
			echo x | zrecat test; wait $full`,
			"standard output: write /dev/stdout: no space left on device\n", 0},
		"head": {`
			( zrecat -r test; echo "status $?" >&2 ) | head -n 1 & reader=$!
			printf 'a\nb\n' | zrecat -l test; wait $reader`,
			"a\n", 0},
		"say something and leave": {`
			zre --json --join time < /dev/null > got & watcher=$!
			echo '/shout time test!' | zre > /dev/null || exit
			kill $watcher; wait $watcher && grep -o '"group":"time","content":.*' got`,
			`"group":"time","content":["test!"]}` + "\n", 0},
		"nobody to say it to": {`echo '/shout time test!' | zre --patience 0.1 > /dev/null`, "", 3},
		"who is there": {`
			zre --name bob --join chat < /dev/null > /dev/null & bob=$!
			echo /peers | zre | sed -n 's/^\(bob\) .* \(chat\)$/\1 in \2/p'; kill $bob; wait $bob`,
			"bob in chat\n", 0},
		"a secure network": {`
			zre --keygen lab > said && zre --keygen other > said || exit
			zrecat -r test > plain & plain=$!
			zrecat --key other_secret -r test > stranger & stranger=$!
			zrecat --key lab_secret -r -u test > got & receiver=$!
			head -c 300000 /dev/urandom > sent
			zrecat --key lab test < sent && wait $receiver && cmp got sent && echo same
			kill $plain $stranger; wait $plain $stranger; cat plain stranger`,
			"same\n", 0},
		"a gossip server with a key": {`
			zre --keygen lab > said || exit
			key=$(sed -n 's/.*public-key = "\(.*\)"/\1/p' lab)
			zgossip_server --key lab --listen tcp://127.0.0.1:* 2> log & server=$!
			until address=$(grep -o '127.0.0.1:[0-9]*' log | head -n 1) && [ -n "$address" ]; do sleep 0.1; done
			zrecat --key lab --no-beacon -g "$address|$key" -r -u test > got & receiver=$!
			echo hello | zrecat --key lab --no-beacon -g "$address|$key" test && wait $receiver && cat got
			zgossip_server --key lab --dump --json "$address|$key"; kill $server; wait $server`,
			"hello\n", 0},
		"a gossip server gets another key": {`
			zre --keygen lab > said && zre --keygen new > said || exit
			key() { sed -n 's/.*public-key = "\(.*\)"/\1/p' "$1"; }
			zgossip_server --transport zmtp --key lab --trust any --listen tcp://127.0.0.1:* 2> log & server=$!
			until address=$(grep -o '127.0.0.1:[0-9]*' log | head -n 1) && [ -n "$address" ]; do sleep 0.1; done
			dump() { zgossip_server --key lab --dump "$address|$1" > said 2>&1; echo $?; }
			dump "$(key lab)"
			mv new_secret lab_secret && kill -HUP $server
			until grep -q 'has a new key' log; do sleep 0.1; done
			dump "$(key new)"; dump "$(key lab)"
			kill $server; wait $server`,
			"0\n0\n1\n", 0},
		"a key that is no key": {`echo x > lab; zre --key lab < /dev/null`, "", 2},
		"trust without a key":  {`zre --keygen lab > said; zre --trust lab < /dev/null`, "", 2},
		"no key over another":  {`zre --keygen lab > said; zre --keygen lab`, "", 1},
		"only the first event": {`zre --json < /dev/null | head -n 1 | cut -c 1-17`, `{"event":"START",` + "\n", 0},
		"a group called help":  {`echo x | zrecat --no-wait help`, "", 0},
		"two flags at odds":    {`zrecat -r -s test`, "", 2},
		"wait or no wait":      {`zrecat --wait 2 --no-wait test`, "", 2},
		"a name too long":      {`zre --name $(printf %0300d 0)`, "", 2},
		"periods at odds":      {`zre --dead-period 1 --quiet-period 2`, "", 2},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			output, status := script(t, lab.Loopback(t), test.text)
			if output != test.want || status != test.status {
				t.Errorf("printed %q with status %d, want %q with %d", output, status, test.want, test.status)
			}
		})
	}
}

// TestLostSender: a receiver that ends with its sender says whether the sender had sent
// everything.
func TestLostSender(t *testing.T) {
	parallel(t)
	h := lab.Loopback(t)
	got := newSum()
	r := start(t, h, got, "zrecat", append(impatient, "-r", "--until-leave", "test")...)
	sender := start(t, h, nil, "zrecat", "--name", "unlucky", "test")
	if _, err := sender.input.Write([]byte("half of it")); err != nil {
		t.Fatal(err)
	}
	<-got.reached(1)
	sender.signal(syscall.SIGKILL)
	r.wait(1)
	if !strings.Contains(r.errors.String(), "unlucky") {
		t.Errorf("the receiver does not name its sender: %s", r.errors.String())
	}
}

// TestExampleConfiguration loads zre.conf as it is.
func TestExampleConfiguration(t *testing.T) {
	parallel(t)
	file, err := filepath.Abs(filepath.Join("..", "..", "zre.conf"))
	if err != nil {
		t.Fatal(err)
	}
	if _, status := script(t, lab.New(t), "ZRECFG="+file+" zrecat -N test < /dev/null"); status != 0 {
		t.Errorf("status %d", status)
	}
}

// TestManualsAndCompletions looks at what packages are made of.
func TestManualsAndCompletions(t *testing.T) {
	parallel(t)
	h := lab.Loopback(t)
	for _, program := range []string{"zre", "zrecat", "zgossip_server"} {
		if page, status := script(t, h, program+" --man"); status != 0 || !strings.Contains(page, ".SH EXIT STATUS") {
			t.Errorf("%s --man: status %d, %d octets", program, status, len(page))
		}
		// Programs that `make` has not built do not know their date.
		lint := "command -v mandoc > /dev/null || exit 0; " + program + " --man > page; mandoc -T lint -W warning page | grep -v 'missing date'"
		if found, _ := script(t, h, "cd $(mktemp -d) && "+lint); found != "" {
			t.Errorf("%s --man: %s", program, found)
		}
		for _, shell := range []string{"bash", "zsh", "fish"} {
			check := "command -v " + shell + " > /dev/null || exit 0; cat script | " + shell + " -n"
			if _, status := script(t, h, "cd $(mktemp -d) && "+program+" completion "+shell+" > script && "+check); status != 0 {
				t.Errorf("%s completion %s: status %d", program, shell, status)
			}
		}
		if help, status := script(t, h, program+" --help"); status != 0 || !strings.Contains(help, "Exit status:") {
			t.Errorf("%s --help: status %d\n%s", program, status, help)
		}
	}
}
