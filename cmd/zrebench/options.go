package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/gozre/zre/cmd/internal/cli"
	"github.com/gozre/zre/cmd/zrebench/internal/measure"
)

const (
	// A node sends frames of up to 256 MiB; a run holds several of them at the same time.
	maxSize = 64 << 20
	// A process with n nodes has about 2n² sockets inside.
	maxNodes = 200

	defaultTime  = 700 * time.Millisecond
	defaultIdle  = 10 * time.Second
	settling     = 5 * time.Second
	resting      = 8 * time.Second // links have come to rest then, see package zmtp
	linked       = 24
	processes    = 20
	cores        = 2
	defaultLimit = 60 * time.Second
)

// options is what the command line says.
type options struct {
	measure.Options
	time, idle, limit cli.Seconds
	json, quiet       bool
	output, goBench   string
}

func (o *options) register(fs *pflag.FlagSet) {
	fs.BoolVar(&o.json, "json", false, "print one JSON object for each row")
	fs.IntVar(&o.Runs, "runs", 5, "how many rounds there are; the median counts")
	fs.Var(&o.time, "time", "how long one run sends, about")
	fs.Var(&o.limit, "limit", "give up a run that takes longer")
	fs.Var((*sizes)(&o.Sizes), "size",
		"octets of content, such as 16,1k,64k (default: those of the measure)")
	fs.IntVar(&o.Receivers, "receivers", 10, "how many processes get the SHOUTs of fanout")
	fs.IntVar(&o.Senders, "senders", 10, "how many processes send to the one of fanin")
	fs.Var((*counts)(&o.Nodes), "nodes",
		"how many nodes of one process find each other; the first number also idles")
	fs.IntVar(&o.Processes, "processes", processes,
		"how many processes of one node find each other")
	fs.Var(&o.idle, "idle", "how long idle nodes are watched in each round")
	fs.IntVar(&o.HWM, "hwm", 1000,
		"high-water mark of libzmq's sockets, in messages; its own is 1000")
	fs.IntVar(&o.Cores, "cores", cores,
		"how many cores the processes share; round trips have one")
	fs.BoolVar(&o.NoRaw, "no-raw", false,
		"measure nodes alone, without libzmq and raw TCP, for profiling")
	fs.BoolVar(&o.Secure, "secure", false,
		"let nodes and libzmq encrypt in all measures")
	fs.StringVar(&o.Transport, "transport", "",
		"what carries the nodes' messages (default: that of nodes)")
	fs.StringVar(&o.Profile, "cpuprofile", "",
		"write CPU profiles of the nodes' processes to FILE.NAME.pprof")
	fs.StringVar(&o.output, "output", "BENCHMARKS.md",
		"where report writes; the plot goes into the same directory")
	fs.StringVar(&o.goBench, "go-bench", "", "let report include this output of go test -bench")
	fs.BoolVarP(&o.quiet, "quiet", "q", false, "do not tell on stderr what is being measured")
}

func newOptions() *options {
	o := &options{
		time: cli.Seconds(defaultTime), idle: cli.Seconds(defaultIdle),
		limit: cli.Seconds(defaultLimit),
	}
	o.Nodes, o.Settle, o.Rest, o.Linked = []int{75, 100}, settling, resting, linked
	return o
}

// check refuses what no measure can do.
func (o *options) check() error {
	for _, f := range []struct {
		flag       string
		value, min int
	}{{"runs", o.Runs, 1}, {"receivers", o.Receivers, 1}, {"senders", o.Senders, 1},
		{"processes", o.Processes, 2}, {"cores", o.Cores, 1}, {"hwm", o.HWM, 0}} {
		if f.value < f.min {
			return cli.Usagef("--%s %d: want %d or more", f.flag, f.value, f.min)
		}
	}
	o.Time, o.Idle, o.Limit = time.Duration(o.time), time.Duration(o.idle), time.Duration(o.limit)
	return nil
}

// sizes is a list of numbers of octets.
type sizes []int

func (s *sizes) String() string { return "" }

// Type is the name of the value in the help text.
func (s *sizes) Type() string { return "OCTETS,..." }

// Set reads the value.
func (s *sizes) Set(text string) error {
	var list []int
	for part := range strings.SplitSeq(text, ",") {
		var size cli.Size
		if err := size.Set(part); err != nil {
			return err
		}
		if size > maxSize {
			return fmt.Errorf("more than %d octets", maxSize)
		}
		list = append(list, int(size))
	}
	*s = list
	return nil
}

// counts is a list of numbers of nodes.
type counts []int

func (c *counts) String() string {
	var b strings.Builder
	for i, n := range *c {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(strconv.Itoa(n))
	}
	return b.String()
}

// Type is the name of the value in the help text.
func (c *counts) Type() string { return "N,..." }

// Set reads the value.
func (c *counts) Set(text string) error {
	var list []int
	for part := range strings.SplitSeq(text, ",") {
		n, err := strconv.Atoi(part)
		if err != nil || n < 2 || n > maxNodes {
			return fmt.Errorf("not numbers of nodes from 2 to %d (right: 75 or 10,75)", maxNodes)
		}
		list = append(list, n)
	}
	*c = list
	return nil
}
