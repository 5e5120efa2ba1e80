// Package choose makes a transport by the name that a user has configured. It is the only
// package that knows all implementations. Libzmq is built in with the build tag libzmq only.
package choose
