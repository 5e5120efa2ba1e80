//go:build unix

package e2e

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/creack/pty"

	"github.com/gozre/zre/internal/lab"
)

// truth is a scenario in which the exit statuses say who has what. Each script begins with
// a file of 3 MB of random octets, "sent".
type truth struct {
	name, text, want string
	rounds           int // at full size there are 200
}

// within is a shell function that waits until a command succeeds; the script itself has a
// time limit.
const within = `until_() { until eval "$1"; do sleep 0.02; done; }
`

var truths = []truth{
	{"a full device", `
		zrecat -n unlucky -r test > /dev/full 2> full & full=$!
		zrecat -r -u test > got & good=$!
		zrecat --wait 2 test < sent 2> said; echo sender $?
		wait $full; echo full $?; wait $good; echo good $?; cmp got sent && echo same
		grep -o 'no space left on device' full
		grep -c 'not known to have received everything: unlucky (' said`,
		"sender 1\nfull 1\ngood 0\nsame\nno space left on device\n1\n", 5},
	{"a shell at a full disk", `
		( ulimit -f 100; exec zre -n unlucky --join test < /dev/null > part 2> full ) & full=$!
		zrecat test < sent 2> said; echo sender $?; wait $full; echo full $?
		grep -c 'everything: unlucky ' said`,
		"sender 1\nfull 1\n1\n", 1},
	{"a closed pipe", `
		{ zrecat -n unlucky -r test 2> closed; echo receiver $? > status; } | head -c 1000 > first & reader=$!
		zrecat test < sent 2> said; echo sender $?
		wait $reader; until_ '[ -s status ]'; cat status; wc -c < first | tr -d ' '; grep -o 'standard output was closed' closed
		grep -c 'everything: unlucky ' said`,
		"sender 1\nreceiver 1\n1000\nstandard output was closed\n1\n", 1},
	{"a full disk", `
		( ulimit -f 1000; exec zrecat -n unlucky -r test > part 2> full ) & full=$!
		zrecat test < sent 2> said; echo sender $?
		wait $full; echo full $?; cmp part sent 2>&1 | grep -c 'EOF on part'; grep -o 'file too large' full
		grep -c 'everything: unlucky ' said`,
		"sender 1\nfull 1\n1\nfile too large\n1\n", 1},
	{"fewer than were sent", `
		zrecat -n enough -r -c 3 test & receiver=$!
		seq 100 | zrecat -l test 2> said; echo sender $?; wait $receiver; echo receiver $?
		grep -c 'everything: enough ' said`,
		"1\n2\n3\nsender 1\nreceiver 0\n1\n", 1},
	{"as many as were sent", `
		zrecat -r -c 3 test & receiver=$!
		seq 3 | zrecat -l test; echo sender $?; wait $receiver; echo receiver $?`,
		"1\n2\n3\nsender 0\nreceiver 0\n", 1},
	{"it leaves, and more follows", `
		zrecat -n enough -r -c 3 test > got & receiver=$!
		mkfifo in; zrecat -l test < in 2> said & sender=$!; exec 3> in
		seq 3 >&3; wait $receiver; echo receiver $?; echo 4 >&3; exec 3>&-; wait $sender; echo sender $?
		grep -c 'everything: enough (' said; cat got`,
		"receiver 0\nsender 1\n1\n1\n2\n3\n", 1},
	{"the sender is interrupted", `
		zrecat -r -u test > got 2> partial & receiver=$!
		mkfifo in; zrecat -n hasty test < in 2> said & sender=$!
		cat /dev/zero > in & until_ '[ $(wc -c < got) -gt 1000000 ]'
		kill -INT $sender; wait $sender; echo sender $?; wait $receiver; echo receiver $?
		grep -c "transfer of hasty (.*) is incomplete: $(wc -c < got | tr -d ' ') octets came, and no end" partial`,
		"sender 130\nreceiver 1\n1\n", 1},
	{"the sender is killed", `
		zrecat -r -u test > got 2> partial & receiver=$!
		mkfifo in; zrecat -n hasty test < in 2> said & sender=$!
		cat /dev/zero > in & until_ '[ $(wc -c < got) -gt 1000000 ]'
		kill -KILL $sender; wait $sender; echo sender $?; wait $receiver; echo receiver $?
		grep -c "transfer of hasty (.*) is incomplete: $(wc -c < got | tr -d ' ') octets came, and no end" partial`,
		"sender 137\nreceiver 1\n1\n", 1},
	{"a part is enough", `
		zrecat -r -u --partial-ok test > got 2> partial & receiver=$!
		mkfifo in; zrecat -n hasty test < in 2> said & sender=$!
		cat /dev/zero > in & until_ '[ $(wc -c < got) -gt 1000000 ]'
		kill -INT $sender; wait $sender; echo sender $?; wait $receiver; echo receiver $?
		grep -c 'transfer of hasty (.*) is incomplete' partial`,
		"sender 130\nreceiver 0\n1\n", 1},
	{"one joins midway", `
		zrecat -r -u test > whole & first=$!
		mkfifo in; zrecat test < in 2> said & sender=$!; exec 3> in
		printf first- >&3; until_ '[ -s whole ]'
		zrecat -n late -r -u test > part 2> partial 3>&- & second=$!
		until_ 'grep -q "late (.*) joined after 6 octets, and gets what follows" said'
		printf second >&3; exec 3>&-; wait $sender; echo sender $?
		wait $first; echo first $?; wait $second; echo second $?; cat whole; echo; cat part; echo
		grep -o 'incomplete: 6 of 12 octets came' partial`,
		"sender 0\nfirst 0\nsecond 1\nfirst-second\nsecond\nincomplete: 6 of 12 octets came\n", 1},
	{"one receiver", copies(1), "0 0 same\n", 1},
	{"two receivers", copies(2), "0 0 same 0 same\n", 1},
	{"five receivers", copies(5), "0 0 same 0 same 0 same 0 same 0 same\n", 1},
	{"an empty file", `
		zrecat -r -u test > got & receiver=$!
		: | zrecat --wait 1 test; echo sender $?; wait $receiver; echo receiver $?; wc -c < got | tr -d ' '`,
		"sender 0\nreceiver 0\n0\n", 1},
}

// copies is a script that sends a file to receivers.
func copies(receivers int) string {
	return strings.ReplaceAll(`
		for i in $(seq N); do zrecat -r -u test > got$i & pids="$pids $!"; done
		zrecat --wait N test < sent; printf $?
		i=0; for pid in $pids; do i=$((i+1)); wait $pid; printf " $?"; cmp got$i sent && printf ' same'; done; echo`,
		"N", strconv.Itoa(receivers))
}

// TestTruth: status 0 means that everybody has everything, and every other status is explained.
func TestTruth(t *testing.T) {
	parallel(t)
	const files = within + "head -c 3000000 /dev/urandom > sent\n"
	for _, s := range truths {
		t.Run(s.name, func(t *testing.T) {
			rounds := s.rounds
			if full {
				rounds = 200
			}
			wrong := 0
			for range rounds {
				if output, _ := script(t, lab.Loopback(t), files+s.text); output != s.want {
					wrong++
					t.Errorf("printed %q, want %q", output, s.want)
				}
			}
			t.Logf("%d of %d rounds are as they should be", rounds-wrong, rounds)
		})
	}
}

// TestFullDisk: a file system of 1 MiB gets a file of 3 MB.
func TestFullDisk(t *testing.T) {
	parallel(t)
	h := lab.Loopback(t)
	if _, status := script(t, h, "unshare -m sh -c 'mkdir disk && mount -t tmpfs -o size=1m none disk'"); status != 0 {
		t.Skip("no mount namespace here")
	}
	output, _ := script(t, h, within+`head -c 3000000 /dev/urandom > sent
		unshare -m sh -c 'mkdir disk && mount -t tmpfs -o size=1m none disk &&
			zrecat -n unlucky -r test > disk/part 2> full; echo full $?; wc -c < disk/part' > status & full=$!
		zrecat test < sent 2> said; echo sender $?; wait $full; cat status; grep -o 'no space left on device' full
		grep -c 'everything: unlucky ' said`)
	if want := "sender 1\nfull 1\n1048576\nno space left on device\n1\n"; output != want {
		t.Errorf("printed %q, want %q", output, want)
	}
}

// statuses are commands that end with each of the statuses of zrecat's table. What it sends
// goes to a receiver in the group "test".
var statuses = map[string]string{
	"0":   "echo x | zrecat test",
	"1":   "zrecat -n unlucky -r test > /dev/full & echo x | zrecat --wait 2 test",
	"2":   "zrecat --nonsense test",
	"3":   "zrecat -s -N --wait 2 --wait-timeout 0.2 test < /dev/null",
	"4":   "zrecat -r -c 1 -W 0.2 test",
	"128": "mkfifo in; zrecat test < in & pid=$!; exec 3> in; echo x >&3; sleep 1; kill -TERM $pid; wait $pid; status=$?; exit $((status - 15))",
}

// TestStatuses goes through the table of exit statuses in the help, line by line.
func TestStatuses(t *testing.T) {
	parallel(t)
	h := lab.Loopback(t)
	help, _ := script(t, h, "zrecat --help")
	_, table, found := strings.Cut(help, "\nExit status:\n")
	if !found {
		t.Fatal("--help has no table of exit statuses")
	}
	table, _, _ = strings.Cut(table, "\n\n")
	var listed []string
	for _, line := range regexp.MustCompile(`(?m)^  (\d+) `).FindAllStringSubmatch(table, -1) {
		listed = append(listed, line[1])
	}
	if len(listed) != len(statuses) || !slices.IsSortedFunc(listed, func(a, b string) int { return len(a) - len(b) }) {
		t.Errorf("the table lists %v; there are %d tests", listed, len(statuses))
	}
	page, _ := script(t, h, "zrecat --man")
	for _, number := range listed {
		t.Run(number, func(t *testing.T) {
			h := lab.Loopback(t)
			text, known := statuses[number]
			if !known {
				t.Fatalf("status %s of the table has no test", number)
			}
			start(t, h, io.Discard, "zrecat", "-r", "test")
			if _, status := script(t, h, text); strconv.Itoa(status) != number {
				t.Errorf("%s: status %d, want %s", text, status, number)
			}
			if !regexp.MustCompile(`(?m)^ *` + number + ` `).MatchString(page) {
				t.Errorf("the manual page does not list %s", number)
			}
		})
	}
}

// TestMixedPrograms: zre and zrecat in one group; on a terminal each message has its line.
func TestMixedPrograms(t *testing.T) {
	parallel(t)
	dir, err := programs()
	if err != nil {
		t.Fatal(err)
	}
	h := lab.Loopback(t)
	user, tty, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer user.Close()
	cat := h.Command(filepath.Join(dir, "zrecat"), "-r", "-c", "3", "test")
	cat.Env = append(os.Environ(), "ZRECFG="+configuration(t, h, ""), "ZRENAME=")
	cat.Stdout, cat.Stderr = tty, os.Stderr
	if err := cat.Start(); err != nil {
		t.Fatal(err)
	}
	tty.Close()
	shell := startShell(t, h)
	shell.say("/join test")
	shell.expect("JOIN", func(e event) bool { return e.Group == "test" })
	shell.say("/shout test hello")
	shell.say("/shout test how are you")
	shell.say("/shout test fine")
	var got bytes.Buffer
	_, _ = io.Copy(&got, user) // ends with an error when the terminal is closed
	if err := cat.Wait(); err != nil {
		t.Error(err)
	}
	if want := "hello\r\nhow are you\r\nfine\r\n"; got.String() != want {
		t.Errorf("the terminal shows %q, want %q", got.String(), want)
	}

	output, status := script(t, h, `
		zrecat -r -c 2 --lines test > lines & a=$!; zrecat -r -c 2 -0 test > nul & b=$!
		zrecat -r -c 2 -J test > json & c=$!; zrecat -r -c 2 -F '{name}/{group}: {payload}' test > format & d=$!
		( printf 'one\n'; sleep 0.3; printf two ) | zrecat -n bob --wait 5 test; echo $?
		wait $a $b $c $d; cat lines; tr '\0' '!' < nul; echo; cat format
		sed 's/.*"name"/"name"/' json`)
	want := "0\none\ntwo\none\n!two!\nbob/test: one\nbob/test: two\n" +
		`"name":"bob","group":"test","content":["one\n"]}` + "\n" + `"name":"bob","group":"test","content":["two"]}` + "\n"
	if output != want || status != 0 {
		t.Errorf("printed %q with status %d, want %q", output, status, want)
	}
	if text := shell.expect("SHOUT", nil).text(); text != "one\n" {
		t.Errorf("zre got %q", text)
	}
	shell.expect("EXIT", func(e event) bool { return e.Name == "bob" })
	shell.mu.Lock()
	defer shell.mu.Unlock()
	for _, e := range shell.events {
		if e.Event == "WHISPER" {
			t.Errorf("zre was sent %+v", e)
		}
	}
}
