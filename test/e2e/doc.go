// Package e2e tests the programs from the outside, as a user runs them: it builds them, starts
// several at the same time on hosts of internal/lab or on loopback, talks to them through their
// standard input and their --json output, and looks at their exit statuses, their output's
// checksums and their memory. It has only tests.
//
// With ZRE_LAB=full in the environment (make e2e) the slow ones run at their full size.
package e2e
