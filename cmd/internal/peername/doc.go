// Package peername finds the peer that a user means, for all programs: the commands of the shell
// and those for scripts name a peer in the same ways.
package peername
