package main

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gozre/zre/cmd/internal/visible"
)

// choice is a word that a word of the line could become.
type choice struct {
	word  string
	about string // what tells it from the others, "" if the word does
}

// complete returns the part of the line before the cursor as far as it can be
// completed for sure, and the words that its last word could become.
func (s *shell) complete(before string) (completed string, candidates []choice) {
	if !strings.HasPrefix(before, "/") || strings.HasPrefix(before, "//") {
		return before, nil
	}
	name, _, hasArgs := strings.Cut(before[1:], " ")
	if !hasArgs {
		return extend("", before, choicesOf(commandNames("/")))
	}
	c, ok := lookup(name)
	if !ok {
		return before, nil
	}
	// Step over the words that are complete: a blank is behind them.
	rest := strings.TrimLeft(before[len(name)+1:], " ")
	for _, arg := range c.args {
		_, after, err := word(rest)
		open := err != nil // a quote that is not closed
		if open || !strings.HasSuffix(rest, " ") && after == "" {
			return extend(before[:len(before)-len(rest)], rest, s.choices(arg, strings.TrimPrefix(rest, `"`)))
		}
		rest = after
	}
	return before, nil
}

// choices are the words that an argument can be; so is what was typed of it.
func (s *shell) choices(arg argument, so string) []choice {
	var words []string
	switch arg {
	case ownGroup:
		words = s.node.Groups()
	case peerGroup:
		words = s.node.PeerGroups()
	case anyGroup:
		words = slices.Concat(s.node.Groups(), s.node.PeerGroups())
	case commandName:
		words = commandNames("")
	case peerName:
		return s.peerChoices(so)
	case fileName:
		words = files(so)
	}
	slices.Sort(words)
	words = slices.Compact(words)
	for i, w := range words {
		words[i] = quote(w)
	}
	return choicesOf(words)
}

func choicesOf(words []string) []choice {
	list := make([]choice, len(words))
	for i, w := range words {
		list[i].word = w
	}
	return list
}

// peerChoices are the names of peers, with the beginning of the UUID where a name alone
// would not do; and the UUIDs, where someone began to type one.
func (s *shell) peerChoices(so string) []choice {
	peers := s.node.Peers()
	label := s.labels(peers)
	var list []choice
	for _, p := range peers {
		name := label(p)
		about := fmt.Sprintf("%s  %s", shortID(p.ID), visible.String(strings.TrimPrefix(p.Endpoint, "tcp://")))
		list = append(list, choice{quote(name), about})
		if so != "" && strings.HasPrefix(p.ID.String(), so) && !strings.HasPrefix(name, so) {
			list = append(list, choice{p.ID.String(), visible.String(name)})
		}
	}
	slices.SortFunc(list, func(a, b choice) int { return cmp.Compare(a.word, b.word) })
	return list
}

// mostFiles bounds how many files of a directory are looked at.
const mostFiles = 10000

// files are the paths that begin so; those of directories end with a slash.
func files(so string) []string {
	dir, begun := filepath.Split(so)
	at := dir
	if rest, inHome := strings.CutPrefix(dir, "~/"); inHome {
		if home, err := os.UserHomeDir(); err == nil {
			at = filepath.Join(home, rest)
		}
	}
	d, err := os.Open(cmp.Or(at, "."))
	if err != nil {
		return nil
	}
	defer d.Close()
	entries, err := d.ReadDir(mostFiles)
	if err != nil {
		return nil
	}
	var names []string
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), begun) || begun == "" && strings.HasPrefix(e.Name(), ".") {
			continue
		}
		name := dir + e.Name()
		if e.IsDir() {
			name += "/"
		}
		names = append(names, name)
	}
	return names
}

// extend completes the word that follows head, as far as all the words that
// begin so agree; a word that is the only one gets a blank behind it.
func extend(head, begun string, words []choice) (completed string, candidates []choice) {
	for _, w := range words {
		if strings.HasPrefix(w.word, begun) {
			candidates = append(candidates, w)
		}
	}
	if len(candidates) == 0 && !strings.HasPrefix(begun, `"`) {
		// The name may be one that needs quotes.
		for _, w := range words {
			if strings.HasPrefix(w.word, `"`+begun) {
				candidates = append(candidates, w)
			}
		}
	}
	switch len(candidates) {
	case 0:
		return head + begun, nil
	case 1:
		if word := candidates[0].word; strings.HasSuffix(word, "/") { // a directory: it goes on
			return head + word, candidates
		}
		return head + candidates[0].word + " ", candidates
	}
	return head + common(candidates), candidates
}

// common is the longest beginning that all words have, in whole characters.
func common(words []choice) string {
	first := []rune(words[0].word)
	for _, w := range words[1:] {
		other := []rune(w.word)
		n := 0
		for n < len(first) && n < len(other) && first[n] == other[n] {
			n++
		}
		first = first[:n]
	}
	return string(first)
}

// mostChoices bounds what Tab lists.
const mostChoices = 100

// listChoices lays choices out for a window: in columns as ls does, or with what tells each
// from the others in a line of its own.
func listChoices(choices []choice, width int) string {
	rest := more(len(choices) - mostChoices)
	choices = choices[:min(len(choices), mostChoices)]
	var words []string
	var rows [][]string
	described := false
	for _, c := range choices {
		word := visible.String(c.word)
		words = append(words, word)
		rows = append(rows, []string{word, c.about})
		described = described || c.about != ""
	}
	text := ""
	if described {
		text = fitTable(rows, width-1)
	} else {
		text = columns(words, width-1)
	}
	if rest != "" {
		text += "\n" + strings.TrimSpace(rest)
	}
	return text
}
