// Package attack measures what hostile hosts can do to a node: each row of the table in
// SECURITY.md is one attack on a node in a process of its own, while an honest pair goes on
// exchanging messages. `make attack` prints the table; `go test` runs a short selection.
package attack
