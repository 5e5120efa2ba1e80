//go:build !linux

package netif

import "context"

func watch(ctx context.Context) (<-chan struct{}, error) {
	before, err := List()
	if err != nil {
		return nil, err
	}
	changed := make(chan struct{}, 1)
	go func() {
		defer close(changed)
		poll(ctx, pollPeriod, before, changed)
	}()
	return changed, nil
}
