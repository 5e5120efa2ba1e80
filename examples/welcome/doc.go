// Welcome greets everyone who joins the group "test", and prints what is said there. It is the
// example in README.md, kept here so that it is compiled and tested.
package main
