package poly1305

import (
	"bytes"
	"fmt"
	"math/big"
	"testing"

	reference "golang.org/x/crypto/poly1305" //lint:ignore SA1019 it is what this package is compared with
	"pgregory.net/rapid"
)

// ways are the numbers of lanes that this processor can have.
func ways() (all []int) {
	for _, n := range []int{8, 16} {
		if n <= lanes {
			all = append(all, n)
		}
	}
	return all
}

// inParts computes an authenticator with this number of lanes, of a message that is cut there.
func inParts(n int, message []byte, key *[KeySize]byte, cuts []int) (sum [Size]byte) {
	var v vector
	v.start(key, n)
	for _, at := range cuts {
		at = min(at, len(message))
		v.write(message[:at])
		message = message[at:]
	}
	v.write(message)
	v.sum(&sum)
	return sum
}

// check compares all ways with golang.org/x/crypto.
func check(t interface {
	Helper()
	Fatalf(string, ...any)
}, message []byte, key *[KeySize]byte, cuts []int) {
	t.Helper()
	var want, got [Size]byte
	reference.Sum(&want, message, key)
	for _, n := range ways() {
		if got = inParts(n, message, key, cuts); got != want {
			t.Fatalf("%d lanes, %d octets cut at %v, key %x:\ngot  %x\nwant %x",
				n, len(message), cuts, key[:], got, want)
		}
	}
	if Sum(&got, message, key); got != want {
		t.Fatalf("Sum of %d octets, key %x:\ngot  %x\nwant %x", len(message), key[:], got, want)
	}
	var m MAC
	m.Start(key)
	m.Write(message)
	if !m.Verify(&want) || !Verify(&want, message, key) {
		t.Fatalf("the authenticator of %d octets is not taken for one, key %x", len(message), key[:])
	}
	want[len(message)%Size] ^= 1 << (len(message) % 8)
	m.Start(key)
	m.Write(message)
	if m.Verify(&want) || Verify(&want, message, key) {
		t.Fatalf("a wrong authenticator of %d octets is taken for one, key %x", len(message), key[:])
	}
}

func TestRandom(t *testing.T) {
	octets := rapid.OneOf(rapid.Byte(), rapid.SampledFrom([]byte{0, 1, 0x7f, 0x80, 0xfb, 0xff}))
	rapid.Check(t, func(t *rapid.T) {
		key := [KeySize]byte(rapid.SliceOfN(octets, KeySize, KeySize).Draw(t, "key"))
		message := rapid.SliceOfN(octets, 0, 2000).Draw(t, "message")
		check(t, message, &key, rapid.SliceOfN(rapid.IntRange(0, 600), 0, 5).Draw(t, "cuts"))
	})
}

// Each length up to some groups, and some that make many of them.
func TestLengths(t *testing.T) {
	var key [KeySize]byte
	message := make([]byte, 300_000)
	for i := range key {
		key[i] = byte(i*73 + 5)
	}
	for i := range message {
		message[i] = byte(i * i >> 3)
	}
	for n := range 1100 {
		check(t, message[:n], &key, []int{n / 3})
	}
	for _, n := range []int{1 << 12, 1<<16 + 33, 100_001, len(message)} {
		check(t, message[:n], &key, []int{1, n / 2})
	}
}

// edges are messages and keys for which pieces are as large as they get, or the result is next to
// the modulus.
func edges() (keys [][KeySize]byte, messages [][]byte) {
	key := func(r, s byte) (k [KeySize]byte) {
		copy(k[:16], bytes.Repeat([]byte{r}, 16))
		copy(k[16:], bytes.Repeat([]byte{s}, 16))
		return k
	}
	one := [KeySize]byte{1} // r = 1: the blocks are added.
	two := [KeySize]byte{2}
	keys = append(keys, key(0xff, 0), key(0xff, 0xff), key(0, 0xff), one, two)
	for i := range 16 {
		var k [KeySize]byte
		k[i] = 0xfc
		keys = append(keys, k)
	}
	for _, blocks := range []int{1, 2, 3, 4, 7, 8, 9, 15, 16, 17, 31, 32, 33, 64, 257} {
		for _, octet := range []byte{0, 0xff} {
			messages = append(messages, bytes.Repeat([]byte{octet}, blocks*blockSize))
		}
	}
	// With r = 1 the sum is next to 2^130-5, for each number of blocks: three that make up 2^130
	// with the bits after them, and zeros with r = 1 add those bits alone.
	for low := range 12 {
		m := bytes.Repeat([]byte{0xff}, 64*blockSize)
		m[0] = byte(0xff - low)
		messages = append(messages, m, m[:16*blockSize], m[:4*blockSize], m[:3*blockSize])
	}
	return keys, messages
}

func TestEdges(t *testing.T) {
	keys, messages := edges()
	for _, k := range keys {
		for _, m := range messages {
			check(t, m, &k, nil)
		}
	}
}

func (n number) big() *big.Int {
	b := new(big.Int)
	for i := 2; i >= 0; i-- {
		b.Lsh(b, 64).Or(b, new(big.Int).SetUint64(n[i]))
	}
	return b
}

var modulus = new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 130), big.NewInt(5))

// Numbers next to the modulus, to its double, and to what the words and pieces end with.
func TestNumbers(t *testing.T) {
	most := ^uint64(0)
	rs := []factor{
		newFactor(bytes.Repeat([]byte{0xff}, 16)), {1, 0}, {0, 4}, {5, 4},
	}
	for _, w2 := range []uint64{0, 1, 2, 3, 4, 5} {
		for _, w1 := range []uint64{0, 1, 1<<24 - 1, most - 1, most} {
			for _, w0 := range []uint64{0, 1, 4, 5, 6, 1<<44 - 1, most - 5, most - 4, most - 3, most} {
				n := number{w0, w1, w2}
				checkNumber(t, n, rs)
			}
		}
	}
}

func checkNumber(t *testing.T, n number, rs []factor) {
	t.Helper()
	value := new(big.Int).Mod(n.big(), modulus)
	same := func(what string, got number, want *big.Int) {
		t.Helper()
		if got[2] > 5 || new(big.Int).Mod(got.big(), modulus).Cmp(want) != 0 {
			t.Errorf("%x: %s is %x, want %x", n, what, got, want)
		}
	}
	p44, p26 := n.split44(), n.split26()
	same("join44", join44(&p44), value)
	same("join26", join26(&p26), value)
	for _, r := range rs {
		got := n
		got.times(r)
		want := new(big.Int).Mul(value, number{r[0], r[1]}.big())
		same("times", got, want.Mod(want, modulus))
	}
	var out, want [Size]byte
	key := bytes.Repeat([]byte{0xfe}, Size)
	n.finish(&out, key)
	sum := new(big.Int).Add(value, number{0xfefefefefefefefe, 0xfefefefefefefefe}.big())
	octets := sum.FillBytes(make([]byte, 18))
	for i := range want {
		want[i] = octets[17-i]
	}
	if out != want {
		t.Errorf("%x: finish gives %x, want %x", n, out, want)
	}
}

// Pieces that are larger than those of one number: sums of lanes.
func TestJoinSums(t *testing.T) {
	const many = 1<<48 - 1
	weight := func(p []uint64, bits int) *big.Int {
		sum := new(big.Int)
		for i, x := range p {
			sum.Add(sum, new(big.Int).Lsh(new(big.Int).SetUint64(x), uint(i*bits)))
		}
		return sum.Mod(sum, modulus)
	}
	for _, p := range [][3]uint64{{many, many, many}, {0, many, 0}, {many, 0, 1<<45 - 1}} {
		if got := new(big.Int).Mod(join44(&p).big(), modulus); got.Cmp(weight(p[:], 44)) != 0 {
			t.Errorf("pieces %x are joined to %x", p, got)
		}
	}
	const few = 1<<29 - 1
	for _, p := range [][5]uint64{{few, few, few, few, few}, {0, few, 0, few, 0}, {few, 0, few, 0, few}} {
		if got := new(big.Int).Mod(join26(&p).big(), modulus); got.Cmp(weight(p[:], 26)) != 0 {
			t.Errorf("pieces %x are joined to %x", p, got)
		}
	}
}

func FuzzSum(f *testing.F) {
	keys, messages := edges()
	for i, k := range keys {
		f.Add(k[:], messages[i%len(messages)], uint16(i))
	}
	f.Fuzz(func(t *testing.T, key, message []byte, cut uint16) {
		if len(key) < KeySize {
			return
		}
		if n := len(message); n > 0 && n < 4096 {
			message = bytes.Repeat(message, 4096/n)
		}
		check(t, message, (*[KeySize]byte)(key), []int{int(cut), int(cut) % 255})
	})
}

func BenchmarkSum(b *testing.B) {
	for _, size := range []int{256, 1 << 10, 2 << 10, 8 << 10, 64 << 10} {
		message := make([]byte, size)
		var key [KeySize]byte
		key[3] = 7
		var out [Size]byte
		b.Run(fmt.Sprintf("%d/lanes-1", size), func(b *testing.B) {
			b.SetBytes(int64(size))
			for range b.N {
				reference.Sum(&out, message, &key)
			}
		})
		for _, n := range ways() {
			b.Run(fmt.Sprintf("%d/lanes-%d", size, n), func(b *testing.B) {
				b.SetBytes(int64(size))
				var v vector
				for range b.N {
					v.start(&key, n)
					v.write(message)
					v.sum(&out)
				}
			})
		}
	}
}
