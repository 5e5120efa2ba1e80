//go:build unix

package e2e

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/gozre/zre/internal/lab"
)

// inTheMiddle ends a command by a signal before it is done, and takes the number of the signal
// from its status.
func inTheMiddle(command string) string {
	return command + " & pid=$!; sleep 0.5; kill -TERM $pid; wait $pid; exit $(($? - 15))"
}

// taken makes a command fail: its only port is taken.
func taken(command string) string { return command + " --port-range $held-$held " }

// elsewhere says that a status needs more than a script.
const elsewhere = ""

// tables are commands that end with each of the statuses that the programs list. There are alice
// in "chat", upper and broken who reply in "up", and one who has port $held.
var tables = map[string]map[int]string{
	"zre": {
		0: "echo /peers | zre", 1: "echo /nosuch | zre", 2: "zre --nonsense",
		3: "echo '/whisper carol x' | zre --patience 0.1",
	},
	"zre peers": {
		0: "zre peers", 1: "zre peers > /dev/full", 2: "zre peers x", 3: "zre peers --beacon-port 1",
		4: "zre peers -t 0.1", 128: inTheMiddle("zre peers"),
	},
	"zre groups": {
		0: "zre groups", 1: "zre groups > /dev/full", 2: "zre groups x", 3: "zre groups --beacon-port 1",
		4: "zre groups -t 0.1", 128: inTheMiddle("zre groups"),
	},
	"zre info": {
		0: "zre info alice", 1: "zre info alice > /dev/full", 2: "zre info", 3: "zre info carol",
		4: "zre info -t 0.1 alice", 128: inTheMiddle("zre info alice"),
	},
	"zre wait": {
		0: "zre wait chat", 1: taken("zre wait chat"), 2: "zre wait", 3: "zre wait chat -n 9 -t 0.3",
		128: inTheMiddle("zre wait none"),
	},
	"zre send": {
		0: "zre send alice x", 1: taken("zre send alice x"), 2: "zre send alice < /dev/null",
		3: "zre send carol x", 4: "zre send -t 0.1 alice x", 128: inTheMiddle("zre send alice x"),
	},
	"zre sub": {
		0: "(zre wait s && zre send --group s x) & zre sub s -c 1", 1: taken("zre sub s"),
		2: "zre sub s --json -F x", 4: "zre sub s -W 0.2", 128: inTheMiddle("zre sub s -c 1"),
	},
	"zre request": {
		0: "zre request upper x", 1: "zre request broken x", 2: "zre request", 3: "zre request carol x",
		4: "zre request -t 2 alice x", 128: inTheMiddle("zre request alice x"),
	},
	"zre reply": {
		0: "(zre wait r && zre request --group r x) & zre reply r -c 1 -- cat", 1: taken("zre reply r") + "-- cat",
		2: "zre reply r", 4: "zre reply r -t 0.2 -- cat", 128: inTheMiddle("zre reply r -c 1 -- cat"),
	},
	"zre on": {
		0: "zre on -e ENTER -c 1 -- true", 1: "zre on -e ENTER -c 1 -- false", 2: "zre on o",
		4: "zre on o -t 0.2 -- cat", 128: inTheMiddle("zre on o -c 1 -- cat"),
	},
	"zre put": {
		0: "zre get --yes in to & zre wait in && zre put zre.conf in",
		1: "zre get in to & zre wait in; zre put zre.conf in; s=$?; kill $!; wait; exit $s",
		2: "zre put", 3: "zre put zre.conf none", 4: "zre put -t 0.1 zre.conf in", 128: inTheMiddle("zre put zre.conf in"),
	},
	"zre get": {
		0: "(zre wait in && zre put zre.conf in) & zre get --yes in to",
		1: "mkdir to; echo x > to/zre.conf; (zre wait in && zre put zre.conf in) & zre get --yes in to",
		2: "zre get", 4: "zre get --yes -t 0.3 in to", 128: inTheMiddle("zre get --yes in to"),
	},
	"zre ping": {
		0: "zre ping -c 1 alice", 1: taken("zre ping -c 1 alice"), 2: "zre ping", 3: "zre ping carol",
		4: elsewhere /* TestPingVerdict */, 128: inTheMiddle("zre ping alice"),
	},
	"zre top":     {0: "zre top --json -t 1", 1: taken("zre top --json -t 1"), 2: "zre top < /dev/null"},
	"zre map":     {0: "zre map -t 1", 1: taken("zre map -t 1"), 2: "zre map --nonsense"},
	"zre doctor":  {0: elsewhere /* TestDoctor */, 1: elsewhere, 2: "zre doctor x", 128: inTheMiddle("zre doctor")},
	"zre keygen":  {0: "zre keygen key", 1: "zre keygen /nosuch/key", 2: "zre keygen a b c"},
	"zre version": {0: "zre version", 1: "zre version > /dev/full", 2: "zre version x"},
	"zgossip_server": {
		0: "zgossip_server --listen tcp://127.0.0.1:* & pid=$!; sleep 0.5; kill $pid; wait $pid",
		1: "zgossip_server --dump 127.0.0.1:1", 2: "zgossip_server --nonsense",
	},
}

// oftenTried are commands whose statuses TestOneShots tries too. At full size they are tried here
// as well.
var oftenTried = []string{
	"zre groups", "zre info", "zre wait", "zre send", "zre sub", "zre request", "zre reply", "zre on", "zre ping",
}

// TestStatusTables goes through the tables of exit statuses of all programs and commands, line by
// line: the help lists those that are tried here, and each is what a command ends with.
func TestStatusTables(t *testing.T) {
	port := beaconPort + 100
	for _, command := range slices.Sorted(maps.Keys(tables)) {
		port++
		network := fmt.Sprintf("printf '[zre]\\ninterface = %s\\nbeacon-port = %d\\n' > zre.conf; export ZRECFG=$PWD/zre.conf\n", loopback(t), port) +
			fmt.Sprintf("held=%d\n", 21000+port%10000) // Where hosts cannot be made, all of these are on this one.
		t.Run(command, func(t *testing.T) {
			parallel(t)
			h := lab.Loopback(t)
			help, _ := script(t, h, command+" --help")
			_, table, _ := strings.Cut(help, "\nExit status:\n")
			table, _, _ = strings.Cut(table, "\n\n")
			var listed []int
			for _, line := range regexp.MustCompile(`(?m)^  (\d+) `).FindAllStringSubmatch(table, -1) {
				n, _ := strconv.Atoi(line[1])
				listed = append(listed, n)
			}
			want := slices.Sorted(maps.Keys(tables[command]))
			if !slices.Equal(listed, want) {
				t.Errorf("the table lists %v; there are tests for %v", listed, want)
			}
			if !full && slices.Contains(oftenTried, command) {
				return
			}
			var text strings.Builder
			text.WriteString(network + `
				zre -n alice --join chat < /dev/null > alice.log 2>&1 & all=$!
				zre -n holder --port-range $held-$held --join chat < /dev/null > holder.log 2>&1 & all="$all $!"
				zre reply up -n upper -- tr a-z A-Z & all="$all $!"
				zre reply up -n broken -- false & all="$all $!"
				zre wait chat -n 2 -t 60 && zre wait up -n 2 -t 60 || exit 99
			`)
			var lines []string
			for _, status := range want {
				if try := tables[command][status]; try != elsewhere {
					fmt.Fprintf(&text, "(mkdir %d; cp zre.conf %d; cd %d\n%s) > out 2> err; echo %d $?\n", status, status, status, try, status)
					lines = append(lines, fmt.Sprint(status, " ", status))
				}
			}
			text.WriteString("kill $all; wait")
			got, _ := script(t, h, text.String())
			if strings.TrimSpace(got) != strings.Join(lines, "\n") {
				t.Errorf("each status, and what the command ended with:\n%s", got)
			}
		})
	}
}
