package measure

import "slices"

// Spread is what is said of the values of several rounds.
type Spread struct {
	Median float64 `json:"median"`
	Min    float64 `json:"min"`
	Max    float64 `json:"max"`
}

// spreadOf sums up values; nil if there are none.
func spreadOf(values []float64) *Spread {
	n := len(values)
	if n == 0 {
		return nil
	}
	v := slices.Sorted(slices.Values(values))
	return &Spread{Median: (v[(n-1)/2] + v[n/2]) / 2, Min: v[0], Max: v[n-1]}
}

// Figures are what one way of doing something gave.
type Figures struct {
	Value  *Spread `json:"value,omitempty"`
	CPU    *Spread `json:"cpu_ns,omitempty"` // of all cores for a message, both ends together
	Allocs *Spread `json:"allocs,omitempty"` // on Go's heap for a message, both ends together
	Failed string  `json:"failed,omitempty"` // why there are no more rounds
}

// Ratios compare a node with something else: medians of the ratios of each round.
type Ratios struct {
	Value *Spread `json:"value,omitempty"`
	CPU   *Spread `json:"cpu,omitempty"`
}

// Row is one line of the table.
type Row struct {
	Measure string `json:"measure"`
	Size    int    `json:"size"` // octets of content, or what else the measure counts
	Unit    string `json:"unit"` // of the values
	// What was measured; LibZMQ and TCP are nil where they have no such thing, or
	// were not measured.
	Node   Figures  `json:"node"`
	LibZMQ *Figures `json:"libzmq"`
	TCP    *Figures `json:"tcp"`
	// The node's figures over theirs.
	ToLibZMQ Ratios    `json:"to_libzmq"`
	ToTCP    Ratios    `json:"to_tcp"`
	Goals    []Verdict `json:"goals,omitempty"`
}

// sample is what one run of one way gave for one row.
type sample struct {
	value float64
	// For each message, at both ends together. A sample that counts no messages has none.
	perMessage *perMessage
}

type perMessage struct{ cpu, allocs float64 }

// series are the samples of all rounds, until one failed.
type series struct {
	samples []sample
	failed  error
}

func (s *series) values() []float64 {
	var list []float64
	for _, x := range s.samples {
		list = append(list, x.value)
	}
	return list
}

func (s *series) cpu() []float64 {
	var list []float64
	for _, x := range s.samples {
		if x.perMessage != nil {
			list = append(list, x.perMessage.cpu)
		}
	}
	return list
}

func (s *series) allocs() []float64 {
	var list []float64
	for _, x := range s.samples {
		if x.perMessage != nil {
			list = append(list, x.perMessage.allocs)
		}
	}
	return list
}

func (s *series) figures() Figures {
	f := Figures{Value: spreadOf(s.values()), CPU: spreadOf(s.cpu())}
	if s.failed != nil {
		f.Failed = s.failed.Error()
	}
	return f
}

// ratios divides round by round.
func ratios(ours, theirs []float64) *Spread {
	var list []float64
	for i := range min(len(ours), len(theirs)) {
		if theirs[i] != 0 {
			list = append(list, ours[i]/theirs[i])
		}
	}
	return spreadOf(list)
}

// row makes a line of the samples; libzmq and tcp are nil where there is no such thing.
func row(measure string, size int, unit string, node, libzmq, tcp *series) Row {
	r := Row{Measure: measure, Size: size, Unit: unit, Node: node.figures()}
	// Only nodes allocate for a message. Raw TCP does not, and C has no heap of Go's.
	r.Node.Allocs = spreadOf(node.allocs())
	beside := func(s *series) (*Figures, Ratios) {
		if s == nil {
			return nil, Ratios{}
		}
		f := s.figures()
		return &f, Ratios{
			Value: ratios(node.values(), s.values()), CPU: ratios(node.cpu(), s.cpu()),
		}
	}
	r.LibZMQ, r.ToLibZMQ = beside(libzmq)
	r.TCP, r.ToTCP = beside(tcp)
	r.Judge()
	return r
}
