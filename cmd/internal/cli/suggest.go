package cli

import "strings"

// Nearest returns the candidate that was most likely meant by word, or "" when
// none is near: at most a third of the longer word's letters may differ (one
// more for short words), or word begins it.
func Nearest(word string, candidates []string) string {
	best, bestDistance := "", len(word)+1
	for _, c := range candidates {
		d := distance(word, c)
		near := d <= max(len(word), len(c))/3 || d == 1 && len(c) > 1
		if !near && len(word) > 1 && strings.HasPrefix(c, word) {
			near, d = true, len(word) // a beginning is a poorer guess than a typing error
		}
		if near && d < bestDistance {
			best, bestDistance = c, d
		}
	}
	return best
}

// didYouMean is Nearest as the end of a sentence.
func didYouMean(word string, candidates []string) string {
	if near := Nearest(word, candidates); near != "" {
		return "; did you mean " + near + "?"
	}
	return ""
}

// distance counts the insertions, removals, replacements and swaps of
// neighbours between two words, without regard to case.
func distance(a, b string) int {
	s, t := []rune(strings.ToLower(a)), []rune(strings.ToLower(b))
	before, prev, cur := make([]int, len(t)+1), make([]int, len(t)+1), make([]int, len(t)+1)
	for j := range prev {
		prev[j] = j
	}
	for i := range s {
		cur[0] = i + 1
		for j := range t {
			cost := 1
			if s[i] == t[j] {
				cost = 0
			}
			cur[j+1] = min(prev[j+1]+1, cur[j]+1, prev[j]+cost)
			if i > 0 && j > 0 && s[i] == t[j-1] && s[i-1] == t[j] {
				cur[j+1] = min(cur[j+1], before[j-1]+1)
			}
		}
		before, prev, cur = prev, cur, before
	}
	return prev[len(t)]
}
