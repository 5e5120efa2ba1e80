package wire

// SizeString returns how many octets AppendString appends.
func SizeString(s string) int { return 1 + len(s) }

// SizeLongString returns how many octets AppendLongString appends.
func SizeLongString(s string) int { return 4 + len(s) }

// SizeChunk returns how many octets AppendChunk appends.
func SizeChunk(chunk []byte) int { return 4 + len(chunk) }

// SizeStrings returns how many octets AppendStrings appends.
func SizeStrings(list []string) int {
	n := 4
	for _, s := range list {
		n += SizeLongString(s)
	}
	return n
}

// SizeHash returns how many octets AppendHash appends.
func SizeHash(hash map[string]string) int {
	n := 4
	for key, value := range hash {
		n += SizeString(key) + SizeLongString(value)
	}
	return n
}

// mostRoom is the largest buffer that is made before its content is known to fit.
const mostRoom = 64 << 10

// Room returns an empty buffer for a message of that size. The size is a guess: a message with a
// value that is too long has a size as well.
func Room(size int) []byte { return make([]byte, 0, min(max(size, 0), mostRoom)) }
