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
