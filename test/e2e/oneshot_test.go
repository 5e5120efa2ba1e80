//go:build unix

package e2e

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/gozre/zre/internal/lab"
)

// oneshotNodes starts the nodes that the commands below meet, and ends them with the script. "t"
// runs a command and prints what is in it of interest, and its status.
const oneshotNodes = `
	zre -n alice --join chat --join time --header role=printer < /dev/null > alice.log & alice=$!
	zre -n bob --join chat < /dev/null > bob.log & bob=$!
	zre reply up -n upper -- tr a-z A-Z & upper=$!
	zre reply up -n broken -- sh -c 'echo no; exit 3' 2> broken.log & broken=$!
	trap 'kill $alice $bob $upper $broken 2> kill.log; wait' EXIT
	zre wait chat -n 2 -t 60 && zre wait up -n 2 -t 60 || exit 99
	t() { "$@" 2> err; echo "-> $?"; sed 's/[0-9a-f]\{8\}-[0-9a-f-]\{27\}/UUID/g' err; }
`

// TestOneShots runs each command with real nodes, to success and to each status that it can end
// with.
func TestOneShots(t *testing.T) {
	parallel(t)
	tests := map[string]struct{ text, want string }{
		"peers": {`
			t zre peers --json | sed 's/"name":"\([a-z]*\)"/\n\1\n/g' | grep -E '^(alice|bob|upper|broken|-> .*)$'
			zre peers | sed -n 's/^\(alice\) .* 127.0.0.1:[0-9]* .* ms .* chat,time  \(role=printer\)$/\1 \2/p'
			t zre peers --beacon-port 1
			t zre peers -t 0.1
			zre peers > /dev/full 2> err; echo "-> $?"; cat err
			t zre peers x`, `
			alice
			bob
			broken
			upper
			-> 0
			alice role=printer
			-> 3
			zre peers: nobody is there
			-> 4
			zre peers: after 0.1 s: it is not yet known who is there
			-> 1
			zre peers: standard output: write /dev/stdout: no space left on device
			-> 2
			zre peers: "x" is too much (right: zre peers)
			zre peers --help says more
			`},
		"groups": {`
			t zre groups
			t zre groups --beacon-port 1
			t zre groups -t 0.1`, `
			GROUP  PEERS  NAMES
			chat   2      alice, bob
			time   1      alice
			up     2      broken, upper
			-> 0
			-> 3
			zre groups: nobody is there
			-> 4
			zre groups: after 0.1 s: it is not yet known who is there
			`},
		"info": {`
			t zre info alice | sed -n 's/^\(name\|groups\|headers\)  */\1 /p; /^->/p'
			t zre info carol
			t zre info alcie
			t zre info ''
			t zre info alice bob
			t zre info -t 0.1 alice`, `
			name alice
			groups chat, time
			headers role=printer
			-> 0
			-> 3
			zre info: there is no peer called carol; zre peers lists those there are
			-> 3
			zre info: there is no peer called alcie; did you mean alice?
			-> 3
			zre info: there is no peer with an empty name; zre peers lists those there are
			-> 2
			zre info: "bob" is too much (right: zre info PEER)
			zre info --help says more
			-> 4
			zre info: after 0.1 s: it is not yet known who is there
			`},
		"wait": {`
			t zre wait chat -n 2
			t zre wait chat -n 3 -t 0.5
			t zre wait chat -n none
			zre wait nobody & wait=$!; while kill -INT $wait 2>/dev/null; do sleep 0.1; done; wait $wait; echo "-> $?"`, `
			-> 0
			-> 3
			zre wait: after 0.5 s: 2 of 3 members are in chat
			-> 2
			zre wait: --members "none": not a whole number above 0
			zre wait --help says more
			-> 130
			`},
		"ping": {`
			t zre ping -c 2 --interval 0.1 bob | sed 's/[0-9.]* ms/N ms/g; s/in .* s$/in N s/; s/(.*$/(/'
			t zre ping carol
			zre ping bob > pings & ping=$!; until grep -q seq=1 pings; do sleep 0.1; done
			kill -INT $ping; wait $ping; echo "-> $?"
			zre ping bob > pings 2> err & ping=$!; until grep -q seq=1 pings; do sleep 0.1; done
			kill $bob; wait $bob; wait $ping; echo "-> $?"; sed 's/answered.*PINGs/answered some PINGs/' err`, `
			PING bob (
			bob: seq=1 time=N ms
			bob: seq=2 time=N ms

			bob: 2 PINGs, 2 answered, 0% lost, in N s
			round trip min/avg/max/mdev = N ms / N ms / N ms / N ms
			-> 0
			-> 3
			zre ping: there is no peer called carol; zre peers lists those there are
			-> 0
			-> 1
			zre ping: bob answered some PINGs
			`},
		"send": {`
			t zre send bob hello you
			printf 'a\0b' | t zre send --group chat
			echo file > file
			t zre send alice -f file --frame two
			t zre send carol x
			t zre send --group none x
			t zre send bob
			t zre send -g chat hello
			t zre send -t 0.1 bob x
			t zre send bob -f nofile
			kill $alice $bob; wait $alice $bob; grep -ho 'SHOUT.*\|WHISPER.*' alice.log bob.log | sed 's/ [0-9a-f]*:/ X:/; s/ [0-9a-f]* chat:/ X chat:/'`, `
			-> 0
			-> 0
			-> 0
			-> 3
			zre send: there is no peer called carol; zre peers lists those there are
			-> 3
			zre send: nobody is in none
			-> 2
			zre send: what is to be sent? (right: TEXT, --frame TEXT, -f FILE, or something on standard input)
			zre send --help says more
			-> 2
			zre send: what is to be sent? (right: TEXT, --frame TEXT, -f FILE, or something on standard input); -g is --gossip, and a group has --group
			zre send --help says more
			-> 4
			zre send: after 0.1 s: it is not yet known who is there
			-> 1
			zre send: open nofile: no such file or directory
			SHOUT   X chat: a\x00b
			WHISPER X: file | two
			WHISPER X: hello you
			SHOUT   X chat: a\x00b
			`},
		"not acknowledged": {`
			mkfifo fifo; sleep 1000 < fifo & reader=$!
			zre -n deaf --join chat --json < /dev/null > fifo 2> deaf.log & deaf=$!
			zre wait chat -n 3 -t 60
			head -c 300000 /dev/zero | zre send deaf -t 2 2> first # its output is full now
			t zre send --group chat -t 3 hello | sed "s/deaf (UUID).*/deaf/"
			t zre send deaf -t 3 hello | sed "s/deaf (UUID).*/deaf/"
			zre send deaf -t 60 hello 2> err & send=$!
			until zre peers --all | grep -q ONESHOT; do sleep 0.1; done
			kill -INT $send; wait $send; echo "-> $?"
			kill -9 $deaf $reader; wait $deaf $reader`, `
			-> 1
			zre send: not acknowledged by deaf
			-> 1
			zre send: not acknowledged by deaf
			-> 130
			`},
		"sub": {`
			zre sub chat -c 2 -F '{name} {group} {payload}' > got & sub=$!
			zre sub -c 2 --json > json & all=$!
			zre wait chat -n 4
			zre send -n me --group chat one && zre send -n me --group chat --frame tw --frame o
			wait $sub; echo "-> $?"; cat got; wait $all; echo "-> $?"; grep -o '"group".*' json
			t zre sub chat -W 0.3
			t zre sub chat -c 1 -t 0.3
			t zre sub --json -F x
			zre sub chat & sub=$!; zre wait chat -n 3; kill -INT $sub; wait $sub; echo "-> $?"
			zre sub chat -c 1 & sub=$!; zre wait chat -n 3; kill -INT $sub; wait $sub; echo "-> $?"
			{ zre sub chat; echo "-> $?" > status; } | head -n 1 & sub=$!; zre wait chat -n 3; zre send --group chat first; wait $sub; cat status`, `
			-> 0
			me chat one
			me chat two
			-> 0
			"group":"chat","content":["one"]}
			"group":"chat","content":["tw","o"]}
			-> 4
			zre sub: after 0.3 s: no messages came
			-> 4
			zre sub: after 0.3 s: 0 of 1 messages came
			-> 2
			zre sub: --json has a format of its own: without --format, --times and --null
			zre sub --help says more
			-> 0
			-> 130
			first
			-> 0
			`},
		"request": {`
			t zre request upper hello
			printf 'a\0b' | zre request upper | od -An -c | tr -d ' '
			t zre request broken hello
			t zre request --group up --all -F '{name}: {payload}' hello | sort
			t zre request --json upper hello | grep -o '"content.*\|->.*'
			t zre request carol hello
			t zre request --group none hello
			t zre request -t 2 bob hello
			t zre request -t 2 --group chat hello
			t zre request`, `
			HELLO-> 0
			A\0B
			no
			-> 1
			zre request: broken (UUID) answers with status 3
			-> 1
			broken: no
			upper: HELLO
			zre request: broken (UUID) answers with status 3
			"content":["HELLO"]}
			-> 0
			-> 3
			zre request: there is no peer called carol; zre peers lists those there are
			-> 3
			zre request: nobody is in none
			-> 4
			zre request: after 2 s: no answer; none from bob (UUID)
			-> 4
			zre request: after 2 s: no answer; none from alice (UUID), bob (UUID)
			-> 2
			zre request: whom is it for? (right: zre request PEER TEXT, or zre request --group GROUP TEXT)
			zre request --help says more
			`},
		"reply": {`
			zre reply -c 2 env -n service -- sh -c 'cat; echo " $ZRE_EVENT $ZRE_NAME $ZRE_GROUP $ZRE_HEADER_WHERE"' & service=$!
			zre wait env
			zre request -n me --header where=here --group env hello
			zre request -n "m'e" service 'a; touch pwned $(touch pwned)'
			wait $service; echo "-> $?"; ls pwned 2> no
			zre reply -c 1 slow --command-timeout 0.3 -- sleep 1000 2> slow.err & slow=$!
			zre wait slow; t zre request --group slow x; wait $slow; echo "-> $?"
			t zre reply up
			t zre reply up -- /does/not/exist
			t zre reply up -t 0.3 -- cat
			zre reply up -- cat & reply=$!; zre wait up -n 3; kill -INT $reply; wait $reply; echo "-> $?"
			zre reply up -c 1 -- cat & reply=$!; zre wait up -n 3; kill $reply; wait $reply; echo "-> $?"`, `
			hello SHOUT me env here
			a; touch pwned $(touch pwned) WHISPER m'e  
			-> 0
			-> 1
			zre request: X (UUID) answers with status 124: its command took too long
			-> 1
			-> 2
			zre reply: a command follows after -- (right: zre reply GROUP -- COMMAND [ARG...])
			zre reply --help says more
			-> 2
			zre reply: the command /does/not/exist cannot be run: no such file or directory
			zre reply --help says more
			-> 4
			zre reply: after 0.3 s: no requests came
			-> 0
			-> 143
			`},
		"on": {`
			zre on alarm -c 2 -- sh -c 'echo "$ZRE_EVENT $ZRE_NAME $ZRE_GROUP: $(cat)"' > got & on=$!
			zre wait alarm
			zre send -n me --group alarm fire && zre send -n me --group alarm 'water; $(id)'
			wait $on; echo "-> $?"; cat got
			zre on alarm -c 1 -- false 2> err & on=$!
			zre wait alarm; zre send -n me --group alarm x; wait $on; echo "-> $?"; sed 's/(.*)/(UUID)/' err
			zre on -e ENTER -c 4 -- sh -c 'echo $ZRE_NAME' | sort
			zre on chat -e EXIT -c 1 -- sh -c 'echo $ZRE_EVENT $ZRE_NAME $ZRE_REASON' & on=$!
			zre wait chat -n 3; kill $bob; wait $bob; wait $on; echo "-> $?"
			t zre on -e EXIT -t 0.3 -- cat
			t zre on -- cat
			zre on alarm -c 1 -- cat & on=$!; zre wait alarm; kill $on; wait $on; echo "-> $?"`, `
			-> 0
			SHOUT me alarm: fire
			SHOUT me alarm: water; $(id)
			-> 1
			zre on: the command for the SHOUT of me (UUID) failed: exit status 1
			zre on: 1 of 1 commands failed
			alice
			bob
			broken
			upper
			EXIT bob goodbye
			-> 0
			-> 4
			zre on: after 0.3 s: no events came
			-> 2
			zre on: which group? (right: zre on GROUP -- COMMAND [ARG...])
			zre on --help says more
			-> 143
			`},
		"quiet": {`
			zre send alice hello; zre peers > /dev/null; zre ping -c 1 alice > /dev/null
			kill $alice; wait $alice; grep -c ONESHOT alice.log; grep -c hello alice.log
			zre --all -n loud < /dev/null > loud.log & loud=$!
			until zre send loud hello; do sleep 0.1; done
			kill $loud; wait $loud; grep -c ONESHOT loud.log > count; [ "$(cat count)" -gt 0 ] && echo shown`, `
			0
			1
			shown
			`},
	}
	name := regexp.MustCompile(`: [0-9a-f]{6} \(UUID\) answers`)
	port := beaconPort
	for test, c := range tests {
		// Each has a network of its own, so that they can run at the same time.
		port++
		network := fmt.Sprintf("printf '[zre]\\ninterface = %s\\nbeacon-port = %d\\n' > zre.conf; export ZRECFG=$PWD/zre.conf\n", loopback(t), port)
		t.Run(test, func(t *testing.T) {
			parallel(t)
			got, _ := script(t, lab.Loopback(t), network+oneshotNodes+c.text)
			got = name.ReplaceAllString(got, ": X (UUID) answers")
			want := strings.ReplaceAll(strings.TrimPrefix(c.want, "\n"), "\t", "")
			if got != want {
				t.Errorf("printed\n%s\nwant\n%s", got, want)
			}
		})
	}
}
