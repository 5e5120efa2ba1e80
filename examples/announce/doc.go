// Announce says something to everyone in a group, and leaves when everyone has it:
//
//	announce GROUP TEXT
//
// Its exit status is 0 only if everyone who was in the group when it started, or came within
// the next second, has acknowledged the text. It shows Node.Settle.
package main
