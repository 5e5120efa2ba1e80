package report

import (
	"os"
	"runtime"
	"strings"
)

// Machine is what figures depend on.
type Machine struct {
	CPU    string
	Cores  int
	System string
	Go     string
	LibZMQ string
	Load   string // of the last minute when the measuring began, "" where it is not known
}

// ThisMachine looks around.
func ThisMachine(libzmq string) Machine {
	load, _, _ := strings.Cut(read("/proc/loadavg"), " ")
	return Machine{
		CPU:    cpuModel(),
		Cores:  runtime.NumCPU(),
		System: strings.TrimSpace(runtime.GOOS + "/" + runtime.GOARCH + " " + read("/proc/sys/kernel/osrelease")),
		Go:     runtime.Version(),
		LibZMQ: libzmq,
		Load:   load,
	}
}

// cpuModel is what Linux calls the processor; elsewhere it is not known.
func cpuModel() string {
	for line := range strings.Lines(read("/proc/cpuinfo")) {
		if key, value, found := strings.Cut(line, ":"); found && strings.TrimSpace(key) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return "unknown"
}

// read gives a file of the system without blanks around it, "" where there is no such file.
func read(file string) string {
	text, err := os.ReadFile(file)
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(text))
}
