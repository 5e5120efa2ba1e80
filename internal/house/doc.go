// Package house holds the rules of this repository that a compiler does not: which room may
// import which (the table in rooms.go), that every package says what it is for, that generated
// files are marked as such and nothing else is, that C needs the build tag libzmq, and that the
// programs can be installed from elsewhere with Go alone. It has no code that programs use;
// its tests read every Go file of the module, whatever system the file is for.
package house
