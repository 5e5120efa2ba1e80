//go:build !linux

package worker

import "errors"

// onCores calls start. Processes are bound to cores on Linux only. Elsewhere one core cannot be had,
// and several are all that there are.
func onCores(n int, start func() error) error {
	if n == 1 {
		return errors.New("processes are bound to one core on Linux only")
	}
	return start()
}
