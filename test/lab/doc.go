// Package lab shows what users see on bad networks: the real programs on hosts of internal/lab,
// which lose and delay frames, are parted, get other addresses, have firewalls, lose power. Each
// scenario is in a file of its own, and says what a user must see.
//
//	witness   a zre whose events are checked while they come: ENTER and EXIT alternate, a group
//	          is joined once, messages of a session are in order, none missing, none twice
//	crew      several of them: who sees whom, and messages from each to all
//
//	clock     a clock that a test can set, of one program: see clock_test.go
//
// In make test the scenarios are small, and take a minute together. With ZRE_LAB=full (make
// lab) they have their full size, and the times that they promise are held: 14 minutes on two
// processors that have nothing else to do. timetable_test.go says which of them run beside
// each other. The package has only tests.
package lab
