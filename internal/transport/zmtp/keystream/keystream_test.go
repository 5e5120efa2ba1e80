package keystream

import (
	"bytes"
	"fmt"
	"testing"

	"pgregory.net/rapid"
)

// ways are all ways to make a key stream that this processor has, by the lanes.
func ways() map[int]func([]byte, *Key, []Run) {
	all := map[int]func([]byte, *Key, []Run){1: fillPortable}
	if lanes >= 8 {
		all[8] = fill8
	}
	if lanes >= 16 {
		all[16] = fill16
	}
	return all
}

// All ways make the same key stream.
func TestFill(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		key := Key(rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, "key"))
		var runs []Run
		blocks := 0
		for range rapid.IntRange(0, 20).Draw(t, "runs") {
			r := Run{
				Nonce:  [8]byte(rapid.SliceOfN(rapid.Byte(), 8, 8).Draw(t, "nonce")),
				First:  rapid.OneOf(rapid.Uint64Range(0, 1<<40), rapid.Uint64Range(1<<32-20, 1<<32)).Draw(t, "first"),
				Blocks: rapid.IntRange(0, 20).Draw(t, "blocks"),
			}
			runs = append(runs, r)
			blocks += r.Blocks
		}
		want := make([]byte, Size(blocks))
		fillPortable(want, &key, runs)
		for n, fill := range ways() {
			got := make([]byte, Size(blocks))
			fill(got, &key, runs)
			if used := blocks * BlockSize; !bytes.Equal(got[:used], want[:used]) {
				t.Fatalf("%d lanes, runs %v", n, runs)
			}
		}
	})
}

func TestSize(t *testing.T) {
	for blocks, want := range map[int]int{0: 0, 1: 1024, 16: 1024, 17: 2048} {
		if got := Size(blocks); got != want {
			t.Errorf("size of %d blocks is %d, want %d", blocks, got, want)
		}
	}
}

func BenchmarkFill(b *testing.B) {
	for _, c := range []struct{ runs, blocks int }{{64, 1}, {1, 64}} {
		runs := make([]Run, c.runs)
		for i := range runs {
			runs[i] = Run{Nonce: [8]byte{byte(i)}, Blocks: c.blocks}
		}
		dst := make([]byte, Size(c.runs*c.blocks))
		var key Key
		for n, fill := range ways() {
			b.Run(fmt.Sprintf("%dx%d/lanes-%d", c.runs, c.blocks, n), func(b *testing.B) {
				b.SetBytes(int64(len(dst)))
				for range b.N {
					fill(dst, &key, runs)
				}
			})
		}
	}
}
