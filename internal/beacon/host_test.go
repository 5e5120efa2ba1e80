package beacon

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"sync"
	"testing"
	"time"
)

// The tests on hosts of their own run a node's beacon in a process in each of
// them: this test program again, with hostArgument. It says its beacon many
// times a second and tells what it hears, one line for each different thing.

const hostArgument = "beacon-test-host"

// hostConfig is what such a process is told.
type hostConfig struct {
	Say        string // the beacon; none is sent when it is empty
	Interfaces []string
	Groups     []netip.AddrPort
	Family     Family
	Portable   bool // over the sockets of other systems
}

// hostMain is such a process. It reads a command from each line of its input:
// "forget" makes it tell again what it has told, "stats" prints the counters and
// how many descriptors it has open, "once" sends one beacon more and prints the
// counters, "allocations" prints how many a beacon makes that is sent and heard.
// It ends with its input.
func hostMain(args []string) {
	var config hostConfig
	if err := json.Unmarshal([]byte(args[0]), &config); err != nil {
		panic(err)
	}
	ready := make(chan struct{}) // closed when that was told
	var mu sync.Mutex
	told := make(map[string]bool)
	tell := func(line string) {
		<-ready // A test waits for that first, and passes over what comes before.
		mu.Lock()
		defer mu.Unlock()
		if !told[line] {
			told[line] = true
			fmt.Println(line)
		}
	}
	r := &shared
	if config.Portable {
		r = &registry{open: openPortable}
	}
	c, err := openIn(r, Config{
		Interfaces: config.Interfaces,
		Groups:     config.Groups,
		Family:     config.Family,
		Logger:     slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Handler: func(payload []byte, from netip.AddrPort, ifindex int) {
			if string(payload) == counted {
				return
			}
			tell(heardLine(string(payload), from.Addr().String(), interfaceName(ifindex)))
		},
	})
	if err != nil {
		panic(err)
	}
	commands := make(chan string)
	go func() {
		defer close(commands)
		for in := bufio.NewScanner(os.Stdin); in.Scan(); {
			commands <- in.Text()
		}
	}()
	fmt.Println("ready")
	close(ready)
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			if config.Say == "" {
				continue
			}
			switch err := c.Send([]byte(config.Say)); {
			case errors.Is(err, ErrNotSent):
				tell("not sent")
			case err != nil:
				panic(err)
			default:
				tell("sent")
			}
		case command, ok := <-commands:
			switch {
			case !ok:
				c.Close()
				return
			case command == "forget":
				mu.Lock()
				clear(told)
				mu.Unlock()
			case command == "stats":
				printStats(c)
			case command == "once":
				if err := c.Send([]byte("once")); err != nil {
					panic(err)
				}
				printStats(c)
			case command == "allocations":
				fmt.Println(allocations(r, config))
			}
		}
	}
}

// counted is the beacon whose allocations are counted; nothing is told of it.
const counted = "counted"

// allocations counts those of a beacon of another Conn with this configuration,
// from when it is sent until it has been heard once.
func allocations(r *registry, config hostConfig) float64 {
	heard := make(chan struct{}, 100)
	c, err := openIn(r, Config{
		Interfaces: config.Interfaces,
		Family:     config.Family,
		Handler: func(payload []byte, _ netip.AddrPort, _ int) {
			if string(payload) == counted {
				heard <- struct{}{}
			}
		},
	})
	if err != nil {
		panic(err)
	}
	defer c.Close()
	payload := []byte(counted)
	return testing.AllocsPerRun(200, func() {
		if err := c.Send(payload); err != nil {
			panic(err)
		}
		<-heard
	})
}

func printStats(c *Conn) {
	line, err := json.Marshal(hostStats{c.Stats(), openFiles()})
	if err != nil {
		panic(err)
	}
	fmt.Println(string(line))
}

// hostStats is what it prints of itself.
type hostStats struct {
	Stats
	Descriptors int
}

// openFiles counts the descriptors of this process.
func openFiles() int {
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		panic(err)
	}
	return len(entries)
}

// heardLine is what the process tells of a beacon.
func heardLine(payload, from, ifname string) string {
	return fmt.Sprintf("heard %q from %s on %s", payload, from, ifname)
}

// interfaceName gives the index where the interface is gone already.
func interfaceName(index int) string {
	ifi, err := net.InterfaceByIndex(index)
	if err != nil {
		return fmt.Sprint(index)
	}
	return ifi.Name
}
