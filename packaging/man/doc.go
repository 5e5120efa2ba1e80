// Man writes the manual pages that no program prints: zre.conf(5) and zre(7).
//
//	go run ./packaging/man DIRECTORY SECONDS
//
// SECONDS is the time of the commit, whose date is in the pages.
//
// zre.conf(5) is the example zre.conf: its comments become the text. zre(7) is zre.7.md, with
// the tables of counters made from the comments of the structs that count. So neither can
// be stale. The program runs at the top of the module.
package main
