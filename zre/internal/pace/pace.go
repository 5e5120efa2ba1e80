package pace

import "time"

// epoch is the moment from which multiples of periods are counted.
var epoch = time.Now()

// Left returns how long it is until the next multiple of a period: more than 0, and at most the period.
func Left(period time.Duration) time.Duration { return left(time.Since(epoch), period) }

func left(since, period time.Duration) time.Duration {
	past := since % period
	if past < 0 {
		past += period // The clock of a test is behind.
	}
	return period - past
}
