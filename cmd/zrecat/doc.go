// Zrecat copies standard input to a group of a ZRE network, and what is said
// in the group to standard output, byte for byte.
//
// Two goroutines work under [cat.run], which waits for both:
//
//	stdin ──▶ send ──▶ Node.Shout …           ends at the end of input
//	… Node.Next ──▶ receive ──▶ stdout        ends when the node is closed and
//	                                          all that came is written
//
// Only the read of stdin cannot be interrupted; where a signal ends the
// program, that goroutine is left to end with the process.
package main
