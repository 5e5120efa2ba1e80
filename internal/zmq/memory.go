package zmq

import (
	"os"
	"runtime/debug"
	"strings"
)

// A stream of messages takes memory and gives it back all the time: in libzmq for each frame on its way, on Go's heap for each
// frame received. Two allocators stand behind that, and both are made for programs that do so less often. What is set here
// is set for the process, as a context is one for the process; it costs at most what the two numbers say.

const (
	// heldMemory is how much free memory the C library keeps for the next frames, for each of its arenas. Of
	// itself it keeps 128 KiB, so that a stream of frames of 64 KiB has it give pages back to the system and
	// ask for them again with every other message: a quarter of the processor time went there. This is a node's
	// usual window, which is as much as comes and goes at once.
	heldMemory = 4 << 20

	// ballast is memory on Go's heap that nobody touches, so that it takes none of the machine's. The heap of a
	// program that does little else than receive is small, and the collector runs whenever it has doubled, but for a
	// minimum of 4 MiB: that is every 64 messages of 64 KiB, hundreds of times a second. With the ballast it runs
	// when there are as many octets of garbage; programs with a large heap do not notice it. It has the effect of a
	// higher GOGC, which a library must not set, because that multiplies the program's own memory as well.
	ballast = 8 << 20

	// tightMemory is a limit (GOMEMLIMIT) below which there is no ballast, because it would count towards the limit.
	tightMemory = 256 << 20
)

// newBallast gives the ballast, which has to be kept as long as it is to have its effect.
func newBallast() []byte {
	if debug.SetMemoryLimit(-1) < tightMemory {
		return nil
	}
	return make([]byte, ballast)
}

// holdFreeMemory sets what the C library keeps, unless its user has decided that otherwise.
func holdFreeMemory() {
	for _, name := range []string{"MALLOC_TRIM_THRESHOLD_", "MALLOC_MMAP_THRESHOLD_", "MALLOC_TOP_PAD_"} {
		if os.Getenv(name) != "" {
			return
		}
	}
	if !strings.Contains(os.Getenv("GLIBC_TUNABLES"), "glibc.malloc.") {
		holdMemory(heldMemory)
	}
}
