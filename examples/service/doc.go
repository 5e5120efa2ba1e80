// Service is a web service with a node in it:
//
//	service ADDRESS
//
//	GET  /peers           who is there, as JSON
//	POST /groups/GROUP    says the body to a group; 502 if a member did not get it
//	GET  /healthz         200 while the node runs
//
// It shows where the parts of a node go in a program that has a life of its own: the context of
// the program, its logger, its goroutines, its end, and a test.
package main
