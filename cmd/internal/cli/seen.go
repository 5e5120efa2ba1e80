package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gozre/zre/zre"
)

// mostSeen bounds how many peers, and how many groups, are kept for completion.
const mostSeen = 500

// Remember keeps the names of these peers and of their groups for completion, where a person
// uses the program: scripts and services leave nothing behind. It replaces what was kept before.
// If that fails, nothing is offered.
func (e *Env) Remember(peers []zre.Peer) {
	file := e.seenFile()
	if file == "" || !terminal(e.Stderr) {
		return
	}
	var names, groups []string
	for _, p := range peers {
		if p.Headers[OneShotHeader] == "" {
			names, groups = append(names, p.Name), append(groups, p.Groups...)
		}
	}
	if len(names) == 0 {
		return // The names of before are more use than none.
	}
	if err := writeSeen(file, names, groups); err != nil {
		e.Log.Debug("what is there is not kept for completion", "error", err)
	}
}

// writeSeen writes the file as a whole or not at all.
func writeSeen(file string, peers, groups []string) error {
	var b strings.Builder
	for _, kind := range []struct {
		word  string
		names []string
	}{{"peer", peers}, {"group", groups}} {
		for i, name := range plainNames(kind.names) {
			if i == mostSeen {
				break
			}
			fmt.Fprintf(&b, "%s %s\n", kind.word, name)
		}
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return err
	}
	temporary, err := os.CreateTemp(filepath.Dir(file), ".seen-") // for its owner alone
	if err != nil {
		return err
	}
	_, err = temporary.WriteString(b.String())
	if closeErr := temporary.Close(); err == nil {
		err = closeErr
	}
	if err == nil {
		err = os.Rename(temporary.Name(), file)
	}
	if err != nil {
		_ = os.Remove(temporary.Name()) // The error says what matters.
	}
	return err
}

// seen are the names that were kept: word is peer or group.
func (e *Env) seen(word string) []string {
	file := e.seenFile()
	if file == "" {
		return nil
	}
	data, err := e.readFile(file)
	if err != nil {
		return nil
	}
	var names []string
	for line := range strings.Lines(string(data)) {
		if name, ok := strings.CutPrefix(strings.TrimRight(line, "\n"), word+" "); ok {
			names = append(names, name)
		}
	}
	return slices.Clip(names)
}

// seenFile is where they are kept; "" if there is no such place.
func (e *Env) seenFile() string {
	dir := filepath.Dir(e.historyFile())
	if !filepath.IsAbs(dir) { // There is no HOME.
		return ""
	}
	return filepath.Join(dir, "seen")
}
