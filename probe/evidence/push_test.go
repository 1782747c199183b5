package evidence

import "testing"

// What is remembered of each of thousands of playlists takes little more room than
// it needs.
func TestPushTakesLittleRoom(t *testing.T) {
	for _, n := range []int{1, 5, 12, 31, 64, 200} {
		var list []int
		for i := range n {
			list = push(list, i, 64)
		}
		if most := min(n+max(n/4, 4), 64); cap(list) > most {
			t.Errorf("%d elements take the room of %d, want at most %d", n, cap(list), most)
		}
		if list[len(list)-1] != n-1 || len(list) != min(n, 64) {
			t.Errorf("of %d elements %d are kept, the newest %d", n, len(list), list[len(list)-1])
		}
	}
}
