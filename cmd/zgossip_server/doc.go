// Zgossip_server keeps the tuples by which ZRE nodes find each other where
// multicast does not reach, and hands them to all its clients and to other servers.
//
// It is a thin layer around zgossip.Server: flags and zre.conf, the log, systemd, and,
// with --metrics, metrics and a health check. Its goroutines are
// the HTTP server's and the one that feeds systemd's watchdog; run waits for both.
package main
