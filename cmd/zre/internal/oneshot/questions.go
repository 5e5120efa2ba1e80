package oneshot

import (
	"bufio"
	"os"
	"strings"
)

// questions reads answers from a terminal: a line after each question. A read cannot be
// interrupted; its goroutine is left to end with the process.
type questions struct {
	asked   chan struct{}
	answers chan bool // yes or no
	ended   chan struct{}
}

func newQuestions(terminal *os.File) *questions {
	q := &questions{asked: make(chan struct{}, 1), answers: make(chan bool), ended: make(chan struct{})}
	go q.read(bufio.NewReader(terminal))
	return q
}

func (q *questions) read(lines *bufio.Reader) {
	for {
		select {
		case <-q.asked:
		case <-q.ended:
			return
		}
		line, err := lines.ReadString('\n')
		answer := strings.ToLower(strings.TrimSpace(line))
		select {
		case q.answers <- err == nil && (answer == "y" || answer == "yes"):
		case <-q.ended:
			return
		}
	}
}

// ask allows one answer. While an answer is outstanding, it counts for the next question.
func (q *questions) ask() {
	select {
	case q.asked <- struct{}{}:
	default:
	}
}

func (q *questions) stop() { close(q.ended) }
