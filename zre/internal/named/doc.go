// Package named finds the configured peers whose hosts have names. Each name has a goroutine,
// which looks the name up again while the peer is not there: addresses change, and a host has
// several of them.
package named
