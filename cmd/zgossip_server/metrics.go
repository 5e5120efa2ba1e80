package main

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/gozre/zre/zgossip"
)

// numbers reads the server's numbers whenever Prometheus asks.
type numbers struct{ server *zgossip.Server }

// metric is one number, or one per label value.
type metric struct {
	name, help, label string
	kind              prometheus.ValueType
	value             func(zgossip.ServerStats) float64
	values            func(zgossip.ServerStats) map[string]float64
}

const (
	counter = prometheus.CounterValue
	gauge   = prometheus.GaugeValue
)

// table has all metrics.
func table() []metric {
	type stats = zgossip.ServerStats
	return []metric{
		{"clients", "Clients connected now.", "dialect", gauge, nil, func(s stats) map[string]float64 { return floats(s.Clients) }},
		{"links", "Other servers connected now.", "", gauge, func(s stats) float64 { return float64(s.Links) }, nil},
		{"servers", "Other servers of this implementation that are connected, directly or through others.", "", gauge, func(s stats) float64 { return float64(s.Servers) }, nil},
		{"tuples", "Tuples held now.", "", gauge, func(s stats) float64 { return float64(s.Tuples) }, nil},
		{"messages_received_total", "Messages from clients and other servers.", "", counter, func(s stats) float64 { return float64(s.Received) }, nil},
		{"messages_sent_total", "Messages to clients and other servers.", "", counter, func(s stats) float64 { return float64(s.Sent) }, nil},
		{"received_bytes_total", "Octets of messages received.", "", counter, func(s stats) float64 { return float64(s.ReceivedOctets) }, nil},
		{"sent_bytes_total", "Octets of messages sent.", "", counter, func(s stats) float64 { return float64(s.SentOctets) }, nil},
		{"tuples_received_total", "PUBLISH messages received.", "dialect", counter, nil, func(s stats) map[string]float64 { return floats(s.Published) }},
		{"tuples_forwarded_total", "PUBLISH messages sent.", "", counter, func(s stats) float64 { return float64(s.Forwarded) }, nil},
		{"tuples_expired_total", "Tuples that outlived their TTL.", "", counter, func(s stats) float64 { return float64(s.Expired) }, nil},
		{"tuples_withdrawn_total", "Tuples that ended, for any reason.", "", counter, func(s stats) float64 { return float64(s.Withdrawn) }, nil},
		{"echoes_total", "Tuples dropped because a peer sent back what it had received.", "", counter, func(s stats) float64 { return float64(s.Echoes) }, nil},
		{"stale_total", "Tuples dropped because they were old values on their way round.", "", counter, func(s stats) float64 { return float64(s.Stale) }, nil},
		{"refused_total", "Messages refused.", "reason", counter, nil, func(s stats) map[string]float64 { return floats(s.Refused) }},
		{"invalid_total", "INVALIDs sent.", "", counter, func(s stats) float64 { return float64(s.Invalid) }, nil},
		{"clients_total", "Clients that ever connected.", "", counter, func(s stats) float64 { return float64(s.Connected) }, nil},
		{"clients_idle_total", "Clients removed because they were silent.", "", counter, func(s stats) float64 { return float64(s.Idle) }, nil},
		{"clients_cut_off_total", "Clients cut off because they did not read.", "", counter, func(s stats) float64 { return float64(s.CutOff) }, nil},
	}
}

func floats[N int | uint64](m map[string]N) map[string]float64 {
	out := make(map[string]float64, len(m))
	for k, v := range m {
		out[k] = float64(v)
	}
	return out
}

func (m metric) desc() *prometheus.Desc {
	var labels []string
	if m.label != "" {
		labels = []string{m.label}
	}
	return prometheus.NewDesc("zgossip_"+m.name, m.help, labels, nil)
}

// Describe implements prometheus.Collector.
func (numbers) Describe(out chan<- *prometheus.Desc) {
	for _, m := range table() {
		out <- m.desc()
	}
}

// Collect reads all numbers at one moment.
func (c numbers) Collect(out chan<- prometheus.Metric) {
	stats := c.server.Stats()
	for _, m := range table() {
		if m.value != nil {
			out <- prometheus.MustNewConstMetric(m.desc(), m.kind, m.value(stats))
			continue
		}
		for label, v := range m.values(stats) {
			out <- prometheus.MustNewConstMetric(m.desc(), m.kind, v, label)
		}
	}
}
