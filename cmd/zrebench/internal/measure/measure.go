package measure

import "context"

// Measure is one thing that can be measured.
type Measure struct {
	Name  string
	Short string
	Run   func(context.Context, *Options) ([]Row, error)
}

// All gives the measures in the order in which they make sense.
func All() []Measure {
	return []Measure{
		{"throughput", "WHISPERs a second from process to process", Throughput},
		{"latency", "round trip of a WHISPER between two processes on one core", Latency},
		{"fanout", "deliveries a second of SHOUTs to several processes", Fanout},
		{"discovery", "time until all nodes of one process see each other", Discovery},
		{"idle", "processor time and threads of nodes that say nothing", Idle},
		{"memory", "memory of a link, both ends", Memory},
	}
}
