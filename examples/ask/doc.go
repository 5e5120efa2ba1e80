// Ask asks a group and prints the first answer, or answers for it:
//
//	ask GROUP TEXT        asks, and prints the answer
//	ask -serve GROUP      answers each request with the text in capitals
//
// It uses the messages that zre(7) describes under REQUESTS, so "zre request" and "zre reply"
// can be the other side.
package main
