// Package pace says when nodes do what they do again and again: all nodes of a process at the same
// moments. An idle process spends more on waking up than on what it wakes up for, and the nodes of
// a process do not know of each other. Processes keep no step with each other.
//
// It has no goroutine and no state: the epoch is when the process has started.
package pace
