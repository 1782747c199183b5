package fetch

import (
	"bufio"
	"container/list"
	"context"
	"net"
	"slices"
	"sync"
	"time"
)

// pool keeps the connections of plain HTTP between requests, and bounds how many
// each server has. Those of held requests come on top: most of them are still, and
// there is one at most for each low-latency playlist.
type pool struct {
	open func(ctx context.Context, network, addr string) (net.Conn, error)

	mu       sync.Mutex
	most     int // connections to one server, beside those of held requests
	servers  map[string]*server
	sweeping bool
}

// server is what a pool has of one server.
type server struct {
	idle    []*conn   // newest last: the oldest may end
	conns   int       // idle ones, those in use and those being made
	counted int       // of these, in use or being made for requests that are not held
	turns   int       // connections that such requests gave back and that could be used again
	waiting list.List // of chan *conn: of thousands that wait any may leave
}

// wait is how long a request waited until it had a connection.
type wait struct {
	lasted time.Duration
	crowd  bool // meanwhile the server answered as many others as may ask at once: the requests are too many
}

// widen lets there be so many connections to a server, where that is more than before.
func (p *pool) widen(most int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.most = max(p.most, most)
	for _, s := range p.servers {
		for s.counted < p.most && s.next(nil) {
			s.counted++
			s.conns++
		}
	}
}

// take returns a connection that was used before, or nil where the caller is to
// dial one, and waits while there are too many. A held request never waits.
func (p *pool) take(ctx context.Context, address string, held bool) (*conn, wait, error) {
	if err := ctx.Err(); err != nil {
		return nil, wait{}, err
	}
	p.mu.Lock()
	s := p.servers[address]
	if s == nil {
		if p.servers == nil {
			p.servers = map[string]*server{}
		}
		s = &server{}
		p.servers[address] = s
	}
	if held || s.counted < p.most {
		defer p.mu.Unlock()
		if !held {
			s.counted++
		}
		c := s.awake()
		if c == nil {
			s.conns++
		} else {
			c.held = held
		}
		return c, wait{}, nil
	}
	turn := make(chan *conn, 1)
	place := s.waiting.PushBack(turn)
	turns := s.turns
	p.mu.Unlock()
	began, most := time.Now(), NoDeadline
	if at, ok := ctx.Deadline(); ok {
		most = time.Until(at)
	}
	timer := time.NewTimer(most)
	defer timer.Stop()
	waited := func() wait {
		p.mu.Lock()
		defer p.mu.Unlock()
		return wait{time.Since(began), s.turns-turns >= p.most}
	}
	select {
	case c := <-turn:
		return c, waited(), nil
	case <-ctx.Done():
		p.leave(address, s, place)
		return nil, waited(), ctx.Err()
	case <-timer.C:
		p.leave(address, s, place)
		return nil, waited(), context.DeadlineExceeded
	}
}

// leave ends the wait for a turn, which may have come at that moment.
func (p *pool) leave(address string, s *server, place *list.Element) {
	turn := place.Value.(chan *conn)
	p.mu.Lock()
	s.waiting.Remove(place) // does nothing where the turn has come
	p.mu.Unlock()
	select {
	case c := <-turn:
		if c != nil {
			p.give(c)
		} else {
			p.vacate(address, false)
		}
	default:
	}
}

// awake returns the newest idle connection, nil where there is none, and closes those
// that were idle for too long. The caller holds the pool's lock.
func (s *server) awake() *conn {
	for n := len(s.idle) - 1; n >= 0; n-- {
		c := s.idle[n]
		s.idle[n] = nil
		s.idle = s.idle[:n]
		if time.Since(c.since) < IdleTimeout {
			return c
		}
		_ = c.Close()
		s.conns--
	}
	return nil
}

// next gives the one that waits for the longest a connection, or nil to dial one,
// and reports whether anybody waits. The caller holds the pool's lock.
func (s *server) next(c *conn) bool {
	first := s.waiting.Front()
	if first != nil {
		s.waiting.Remove(first).(chan *conn) <- c
	}
	return first != nil
}

// dial makes a connection.
func (p *pool) dial(ctx context.Context, address string, held bool) (*conn, error) {
	raw, err := p.open(ctx, "tcp", address)
	if err != nil {
		p.vacate(address, held)
		return nil, err
	}
	c := &conn{Conn: raw, key: address, held: held, look: silence(raw)}
	c.reader = bufio.NewReader(c)
	return c, nil
}

// give takes a connection back that can be used again.
func (p *pool) give(c *conn) {
	c.since = time.Now()
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.servers[c.key]
	if !c.held {
		s.turns++
		if s.next(c) {
			return
		}
		s.counted--
	}
	s.idle = append(s.idle, c)
	if !p.sweeping {
		p.sweeping = true
		time.AfterFunc(IdleTimeout, p.sweep)
	}
}

// drop closes a connection.
func (p *pool) drop(c *conn) {
	_ = c.Close()
	p.vacate(c.key, c.held)
}

// vacate makes room for another connection to a server.
func (p *pool) vacate(address string, held bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.servers[address]
	if !held {
		if s.next(nil) { // to dial one in its place
			return
		}
		s.counted--
	}
	if s.conns--; s.conns == 0 {
		delete(p.servers, address)
	}
}

// sweep closes the connections that were idle for too long, until none is idle.
func (p *pool) sweep() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.sweeping = false
	for address, s := range p.servers {
		n := 0
		for n < len(s.idle) && time.Since(s.idle[n].since) >= IdleTimeout {
			_ = s.idle[n].Close()
			n++
		}
		s.idle = slices.Delete(s.idle, 0, n)
		p.closed(address, s, n)
		p.sweeping = p.sweeping || len(s.idle) > 0
	}
	if p.sweeping {
		time.AfterFunc(IdleTimeout/2, p.sweep)
	}
}

// close closes all idle connections.
func (p *pool) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for address, s := range p.servers {
		for _, c := range s.idle {
			_ = c.Close()
		}
		n := len(s.idle)
		clear(s.idle)
		s.idle = s.idle[:0]
		p.closed(address, s, n)
	}
}

// closed notes that idle connections were closed. Nobody who could use them waits.
func (p *pool) closed(address string, s *server, n int) {
	if s.conns -= n; s.conns == 0 {
		delete(p.servers, address)
	}
}
