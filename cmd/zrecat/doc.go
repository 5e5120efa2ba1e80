// Zrecat copies standard input to a group of a ZRE network, and what is said
// in the group to standard output, byte for byte or in a format.
//
// Two goroutines work under [cat.run], which waits for both:
//
//	stdin ──▶ send ──▶ Node.Shout …           ends at the end of input
//	… Node.Next ──▶ receive ──▶ stdout        ends when the node is closed and
//	                                          all that came is written
//
// A message is acknowledged when it is written (zre.Config.ManualAck). At the end of the
// input the members are told how much it was; see transfer.go.
//
// Only the read of stdin cannot be interrupted; where a signal ends the
// program, that goroutine is left to end with the process.
package main
