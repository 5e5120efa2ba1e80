package main

import (
	"slices"
	"strings"
)

// complete returns the part of the line before the cursor as far as it can be
// completed for sure, and the words that its last word could become.
func (s *shell) complete(before string) (completed string, candidates []string) {
	if !strings.HasPrefix(before, "/") || strings.HasPrefix(before, "//") {
		return before, nil
	}
	name, _, hasArgs := strings.Cut(before[1:], " ")
	if !hasArgs {
		return extend("", before, commandNames("/"))
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
func (s *shell) choices(arg argument, so string) []string {
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
	}
	slices.Sort(words)
	words = slices.Compact(words)
	for i, w := range words {
		words[i] = quote(w)
	}
	return words
}

// peerChoices are the names of peers; and the UUIDs, where a name would not do
// or where someone began to type one.
func (s *shell) peerChoices(so string) []string {
	count := map[string]int{}
	peers := s.node.Peers()
	for _, p := range peers {
		count[p.Name]++
	}
	var words []string
	for _, p := range peers {
		unique := p.Name != "" && count[p.Name] == 1
		if unique {
			words = append(words, quote(p.Name))
		}
		if !unique || so != "" && strings.HasPrefix(p.ID.String(), so) && !strings.HasPrefix(p.Name, so) {
			words = append(words, p.ID.String())
		}
	}
	slices.Sort(words)
	return words
}

// extend completes the word that follows head, as far as all the words that
// begin so agree; a word that is the only one gets a blank behind it.
func extend(head, begun string, words []string) (completed string, candidates []string) {
	for _, w := range words {
		if strings.HasPrefix(w, begun) {
			candidates = append(candidates, w)
		}
	}
	if len(candidates) == 0 && !strings.HasPrefix(begun, `"`) {
		// The name may be one that needs quotes.
		for _, w := range words {
			if strings.HasPrefix(w, `"`+begun) {
				candidates = append(candidates, w)
			}
		}
	}
	switch len(candidates) {
	case 0:
		return head + begun, nil
	case 1:
		return head + candidates[0] + " ", candidates
	}
	return head + common(candidates), candidates
}

// common is the longest beginning that all words have, in whole characters.
func common(words []string) string {
	first := []rune(words[0])
	for _, w := range words[1:] {
		other := []rune(w)
		n := 0
		for n < len(first) && n < len(other) && first[n] == other[n] {
			n++
		}
		first = first[:n]
	}
	return string(first)
}
