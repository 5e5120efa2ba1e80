// Cache is a table of keys and values that all members of a group have:
//
//	cache [NAME]
//
// It reads lines "KEY VALUE" from standard input, and prints each change of the table. Who
// changes a key shouts it to the group. A member that joins gets the whole table from one of
// the others, the one with the lowest UUID. Each entry has a version and the UUID of the node
// that wrote it, and the higher one wins: so all come to the same table, whatever the order in
// which they hear of changes.
package main
