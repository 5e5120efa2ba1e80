// Package layout writes messages as the flags of a program say: byte for byte, as lines, as JSON,
// or in a format with verbs such as {name}. What a peer chooses, but for the payload, is always
// made harmless for a terminal.
package layout
