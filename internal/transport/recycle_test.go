package transport

import "testing"

func TestRecycle(t *testing.T) {
	for _, size := range []int{0, 1, 8191, 8192, 8193, 65536, 65537, 1 << 20, 8 << 20, 8<<20 + 1} {
		for range 3 {
			b := NewFrame(size)
			if len(b) != size || cap(b) >= 2*size && size > 8192 {
				t.Fatalf("frame of %d octets: length %d, capacity %d", size, len(b), cap(b))
			}
			Recycle(b)
		}
	}
	for _, other := range [][]byte{nil, {}, make([]byte, 10), make([]byte, 9000), make([]byte, 100, 16<<20)} {
		Recycle(other)
	}
	small := make([]byte, 16)
	if n := testing.AllocsPerRun(100, func() { Recycle(small) }); n > 0 {
		t.Errorf("%v allocations for a small frame", n)
	}
	if b := NewFrame(9000); cap(b) != 16384 {
		t.Errorf("capacity %d: memory of another kind was kept", cap(b))
	}
}
