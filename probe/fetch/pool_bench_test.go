package fetch

import "testing"

// BenchmarkLeave is what it costs to give up waiting for a connection, behind
// 20,000 others.
func BenchmarkLeave(b *testing.B) {
	s := &server{conns: 1}
	p := pool{most: 1, servers: map[string]*server{"origin:80": s}}
	for range 20_000 {
		s.waiting.PushBack(make(chan *conn, 1))
	}
	for b.Loop() {
		p.leave("origin:80", s, s.waiting.PushBack(make(chan *conn, 1)))
	}
}
