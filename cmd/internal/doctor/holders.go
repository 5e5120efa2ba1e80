package doctor

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// maxHolders bounds the programs that are named.
const maxHolders = 10

// holdersOf names the programs that have a socket at a local port, from /proc: "NAME (PID)".
// A socket whose program cannot be read is named by its user. It returns nothing where there
// is no /proc.
func holdersOf(protocol string, port int) (names []string) {
	inodes := make(map[string]string) // and the user of each
	for _, file := range []string{protocol, protocol + "6"} {
		socketsAt("/proc/net/"+file, protocol == "tcp", port, inodes)
	}
	if len(inodes) == 0 {
		return nil
	}
	links, _ := filepath.Glob("/proc/[0-9]*/fd/*") // What cannot be read is not in it.
	for _, link := range links {
		to, err := os.Readlink(link)
		if err != nil {
			continue
		}
		inode, ok := strings.CutPrefix(to, "socket:[")
		inode = strings.TrimSuffix(inode, "]")
		if _, wanted := inodes[inode]; !ok || !wanted {
			continue
		}
		delete(inodes, inode)
		pid := strings.Split(link, "/")[2]
		name, err := os.ReadFile("/proc/" + pid + "/comm")
		if err != nil {
			name = []byte("?")
		}
		names = append(names, fmt.Sprintf("%s (%s)", strings.TrimSpace(string(name)), pid))
	}
	for _, user := range inodes {
		names = append(names, "a program of user "+user)
	}
	slices.Sort(names)
	names = slices.Compact(names)
	if more := len(names) - maxHolders; more > 0 {
		names = append(names[:maxHolders], fmt.Sprintf("%d others", more))
	}
	return names
}

// tcpListen is the state of a socket that listens, in /proc/net/tcp.
const tcpListen = "0A"

// socketsAt collects the sockets of a table of /proc/net that are at a local port.
func socketsAt(table string, listening bool, port int, inodes map[string]string) {
	file, err := os.Open(table)
	if err != nil {
		return
	}
	defer file.Close()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		f := strings.Fields(lines.Text())
		const address, state, user, inode = 1, 3, 7, 9
		if len(f) <= inode {
			continue
		}
		_, hex, _ := strings.Cut(f[address], ":")
		n, err := strconv.ParseUint(hex, 16, 16)
		if err == nil && int(n) == port && (!listening || f[state] == tcpListen) {
			inodes[f[inode]] = f[user]
		}
	}
}
