// Package snake writes names of Go in snake case, as the JSON of the programs, their metrics
// and their manual pages have them.
package snake

import (
	"strings"
	"unicode"
)

// Case turns MessagesIn into messages_in.
func Case(name string) string {
	var b strings.Builder
	for i, r := range name {
		if unicode.IsUpper(r) && i > 0 {
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}
