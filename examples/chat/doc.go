// Chat says each line of standard input to a group, and prints what the others say:
//
//	chat [NAME]
//
// At the end of the input it leaves, when everybody has acknowledged everything.
package main
