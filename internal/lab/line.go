package lab

import (
	"context"
	"math/rand/v2"
	"slices"
	"sync"
	"time"
)

// Line is what the way between a host and its switch does to frames, in each direction.
// The zero value is a line that is never the bottleneck.
type Line struct {
	Rate  int64         // bits a second; 0: unlimited
	Queue int           // octets that may wait for their turn, the rest is lost; 0: 256 KiB
	Delay time.Duration // after its turn
	// Jitter is added to Delay: a random time up to it, other for each frame. Frames keep
	// their order, as in the queue of a radio that sends again what was not received.
	Jitter time.Duration
	Loss   float64 // the share of frames that is lost: 0 none, 1 all
}

// defaultQueue holds 100 ms of a line of 20 Mbit/s: a usual router's buffer.
const defaultQueue = 256 << 10

// maxFrames bounds what is on the way in one direction of a line that has no rate, or a long
// delay; it is far above what TCP keeps in flight in a test.
const maxFrames = 8192

// frameInTime is a frame, and when it has passed the line.
type frameInTime struct {
	due   time.Time
	frame []byte
}

// pipe is one direction of a line: put takes frames in, and run hands them to sink in order, when
// their time has come. If that is at once, put does it: it saves two changes between goroutines.
type pipe struct {
	sink   func(frame []byte)
	queued chan frameInTime

	mu     sync.Mutex // guards what follows
	line   Line
	cut    bool
	busy   time.Time // until then the line sends what it was given before
	last   time.Time // the last frame has passed then
	onWay  int       // frames that are queued, or with sink
	random *rand.Rand
	lost   int
}

func newPipe(line Line, seed uint64, sink func([]byte)) *pipe {
	return &pipe{
		sink:   sink,
		queued: make(chan frameInTime, maxFrames),
		line:   line,
		// The same losses in each run: what fails once can be looked at again.
		random: rand.New(rand.NewPCG(seed, seed)),
	}
}

// put takes a frame in. The caller may use its memory again.
func (p *pipe) put(frame []byte) {
	if p.queue(frame) {
		p.sink(frame)
		p.arrived()
	}
}

// queue queues a frame, or loses it. It reports true if the frame is to be handed on at once.
func (p *pipe) queue(frame []byte) (now bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	at := time.Now()
	due, ok := p.schedule(at, len(frame))
	if !ok {
		p.lost++
		return false
	}
	if jitter := p.line.Jitter; jitter > 0 {
		due = due.Add(time.Duration(p.random.Int64N(int64(jitter) + 1)))
	}
	if due.Before(p.last) {
		due = p.last
	}
	p.last = due
	p.onWay++
	if p.onWay == 1 && !due.After(at) {
		return true
	}
	select {
	case p.queued <- frameInTime{due, slices.Clone(frame)}:
	default:
		p.lost++
		p.onWay--
	}
	return false
}

// arrived says that a frame has been handed on.
func (p *pipe) arrived() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.onWay--
}

// schedule finds when a frame that comes now will have passed, or that it is lost.
func (p *pipe) schedule(now time.Time, size int) (time.Time, bool) {
	if p.cut || p.line.Loss > 0 && p.random.Float64() < p.line.Loss {
		return time.Time{}, false
	}
	if p.line.Rate == 0 {
		return now.Add(p.line.Delay), true
	}
	queue := p.line.Queue
	if queue == 0 {
		queue = defaultQueue
	}
	if p.busy.Before(now) {
		p.busy = now
	}
	waiting := p.busy.Sub(now).Seconds() * float64(p.line.Rate) / 8
	if int(waiting)+size > queue {
		return time.Time{}, false
	}
	p.busy = p.busy.Add(time.Duration(int64(size) * 8 * int64(time.Second) / p.line.Rate))
	return p.busy.Add(p.line.Delay), true
}

// change makes the line another one, for what comes from now on.
func (p *pipe) change(f func(*pipe)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	f(p)
}

// run hands frames on until ctx ends.
func (p *pipe) run(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		var next frameInTime
		select {
		case next = <-p.queued:
		case <-ctx.Done():
			return
		}
		if wait := time.Until(next.due); wait > 0 {
			timer.Reset(wait)
			select {
			case <-timer.C:
			case <-ctx.Done():
				return
			}
		}
		p.sink(next.frame)
		p.arrived()
	}
}
