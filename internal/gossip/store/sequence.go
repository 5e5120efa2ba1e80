package store

// node is a member of a sequence. It is a field of its item.
type node[T any] struct {
	prev, next *node[T]
	index      uint64 // 0: not in a sequence
	item       T
}

// sequence keeps items in the order of their last change, each once. A reader needs only
// the index up to which it has read. Nothing is queued for a slow reader, and it sees an
// item that has changed twice only once.
type sequence[T any] struct {
	first, last *node[T]
	index       uint64
}

// touch moves n to the end: it is the latest change.
func (s *sequence[T]) touch(n *node[T]) {
	s.remove(n)
	s.index++
	n.index, n.prev = s.index, s.last
	if s.last == nil {
		s.first = n
	} else {
		s.last.next = n
	}
	s.last = n
}

func (s *sequence[T]) remove(n *node[T]) {
	if n.index == 0 {
		return
	}
	if n.prev == nil {
		s.first = n.next
	} else {
		n.prev.next = n.next
	}
	if n.next == nil {
		s.last = n.prev
	} else {
		n.next.prev = n.prev
	}
	n.prev, n.next, n.index = nil, nil, 0
}

// after returns the first node past index. It searches from the newest, because a reader is
// nearly always close to the end.
func (s *sequence[T]) after(index uint64) *node[T] {
	if index == 0 {
		return s.first
	}
	var found *node[T]
	for n := s.last; n != nil && n.index > index; n = n.prev {
		found = n
	}
	return found
}

// each calls yield for everything past index, oldest first, until it returns false.
// yield must not change the sequence.
func (s *sequence[T]) each(index uint64, yield func(index uint64, item T) bool) {
	for n := s.after(index); n != nil; n = n.next {
		if !yield(n.index, n.item) {
			return
		}
	}
}
