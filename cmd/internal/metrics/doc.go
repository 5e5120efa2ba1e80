// Package metrics serves numbers and a health check over HTTP: /metrics in the text format of
// Prometheus, and /healthz. All programs with --metrics share it.
//
// [Serve] owns one goroutine, which the function that it returns ends and waits for. A request
// is answered from memory. The package depends on the standard library only, so that the
// programs with a node stay small.
package metrics
