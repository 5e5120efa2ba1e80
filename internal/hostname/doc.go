// Package hostname turns HOST:PORT into addresses, where HOST is a name or an IP address.
package hostname
