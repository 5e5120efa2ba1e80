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
	// Load is that of the last minute when the measuring began, and Others how much of the cores
	// other processes used during the run; "" where they are not known.
	Load, Others string
}

// ThisMachine describes the machine that the program runs on.
func ThisMachine(libzmq string) Machine {
	load, _, _ := strings.Cut(read("/proc/loadavg"), " ")
	return Machine{
		CPU:    cpuModel(),
		Cores:  runtime.NumCPU(),
		System: system(),
		Go:     runtime.Version(),
		LibZMQ: libzmq,
		Load:   load,
	}
}

// system is the operating system, and on Linux the kernel.
func system() string {
	release := read("/proc/sys/kernel/osrelease")
	return strings.TrimSpace(runtime.GOOS + "/" + runtime.GOARCH + " " + release)
}

// cpuModel is what Linux calls the processor; elsewhere it is not known.
func cpuModel() string {
	for line := range strings.Lines(read("/proc/cpuinfo")) {
		key, value, found := strings.Cut(line, ":")
		if found && strings.TrimSpace(key) == "model name" {
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
