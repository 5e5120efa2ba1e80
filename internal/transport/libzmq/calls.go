//go:build libzmq

package libzmq

import "sync"

// calls runs functions one after the other, on a goroutine that it has while there are some.
type calls struct {
	running *sync.WaitGroup

	mu   sync.Mutex
	todo []func()
	busy bool // the goroutine is there
}

// add adds a function. Only the loop calls it.
func (q *calls) add(f func()) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.todo = append(q.todo, f)
	if !q.busy {
		q.busy = true
		q.running.Go(q.run)
	}
}

func (q *calls) run() {
	for {
		q.mu.Lock()
		todo := q.todo
		q.todo = nil
		q.busy = len(todo) > 0
		q.mu.Unlock()
		if len(todo) == 0 {
			return
		}
		for _, f := range todo {
			f()
		}
	}
}
