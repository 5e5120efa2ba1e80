package metrics

import (
	"bytes"
	"fmt"
	"net/http"
	"reflect"
	"runtime"
	runtimemetrics "runtime/metrics"
	"strings"
	"time"

	"github.com/gozre/zre/internal/snake"
	"github.com/gozre/zre/zre"
)

// Node has the counters of a node as metrics: zre_messages_in_total for Stats.MessagesIn. Each
// field of Stats is one, so that all that the library counts is there.
func Node(stats func() zre.Stats) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
		_, _ = w.Write(nodeText(stats())) // the client may be gone
	})
}

func nodeText(stats zre.Stats) []byte {
	var out bytes.Buffer
	write := func(name, kind, help string, value any) {
		fmt.Fprintf(&out, "# HELP %s %s\n# TYPE %s %s\n%s %v\n", name, help, name, kind, name, value)
	}
	value := reflect.ValueOf(stats)
	for _, f := range reflect.VisibleFields(value.Type()) {
		if f.Anonymous || !f.IsExported() {
			continue
		}
		name, kind := "zre_"+snake.Case(f.Name), "counter"
		v := value.FieldByIndex(f.Index)
		number := v.Interface()
		switch d, isTime := number.(time.Duration); {
		case isTime:
			name, kind, number = name+"_seconds", "gauge", d.Seconds()
		case v.CanInt() || f.Name == "Unacknowledged": // What is now, and can become less.
			kind = "gauge"
		case !v.CanUint():
			continue
		default:
			name += "_total"
		}
		write(name, kind, fmt.Sprintf("%s: see zre(7).", strings.ReplaceAll(snake.Case(f.Name), "_", " ")), number)
	}
	write("go_goroutines", "gauge", "Goroutines of the program.", runtime.NumGoroutine())
	write("go_gc_heap_live_bytes", "gauge", "Memory in use after the last garbage collection.", liveHeap())
	return out.Bytes()
}

// liveHeap is what the last garbage collection has found in use, in octets. There is one every
// two minutes at least.
func liveHeap() uint64 {
	live := []runtimemetrics.Sample{{Name: "/gc/heap/live:bytes"}}
	runtimemetrics.Read(live)
	return live[0].Value.Uint64()
}
