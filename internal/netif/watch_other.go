//go:build !linux

package netif

import "context"

func watch(ctx context.Context) (<-chan struct{}, error) {
	return watchByPolling(ctx, pollPeriod, hint)
}
