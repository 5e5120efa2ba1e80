// Package regular reads files that a person names, such as a configuration or a key. Only
// regular files up to a size are read: a FIFO would block the program until somebody writes
// to it, and a device such as /dev/zero never ends.
package regular
