package record

import (
	"slices"
	"strings"
)

// Op says what became of a line.
type Op string

// What a Diff says of a line.
const (
	Same    Op = "same"
	Removed Op = "removed" // it stands in the first text only
	Added   Op = "added"   // it stands in the second text only
	Skipped Op = "skipped" // lines that are the same in both, and left out
)

// DiffLine is one line of a diff, or a run of lines that are left out.
type DiffLine struct {
	Op    Op     `json:"op"`
	Text  string `json:"text,omitempty"`  // without its line ending
	Old   int    `json:"old,omitempty"`   // its number in the first text, from 1; 0 where it does not stand there
	New   int    `json:"new,omitempty"`   // the same in the second text
	Count int    `json:"count,omitempty"` // of a skipped run: how many lines
}

const (
	diffContext = 3       // lines that are the same and shown around a change
	diffCells   = 4 << 20 // of the table of a comparison; larger texts are compared by their ends alone
	diffLines   = 2000    // that a diff shows
)

// Diff compares two texts by lines: what stands in the first one only is
// removed, what stands in the second only is added. Runs of equal lines are cut
// down to a few around each change. It is empty where the texts are equal.
func Diff(a, b string) []DiffLine {
	if a == b {
		return []DiffLine{}
	}
	return fold(compare(lines(a), lines(b)))
}

func lines(text string) []string {
	if text == "" {
		return nil
	}
	text = strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\r", "\n")
	return strings.Split(strings.TrimSuffix(text, "\n"), "\n")
}

// compare finds a longest common subsequence after the ends that are alike.
func compare(a, b []string) (out []DiffLine) {
	head := 0
	for head < len(a) && head < len(b) && a[head] == b[head] {
		head++
	}
	tail := 0
	for tail < len(a)-head && tail < len(b)-head && a[len(a)-1-tail] == b[len(b)-1-tail] {
		tail++
	}
	same := func(i, j, n int) {
		for k := range n {
			out = append(out, DiffLine{Op: Same, Text: a[i+k], Old: i + k + 1, New: j + k + 1})
		}
	}
	same(0, 0, head)
	i, j := head, head
	for _, step := range steps(a[head:len(a)-tail], b[head:len(b)-tail]) {
		switch step {
		case Same:
			same(i, j, 1)
			i, j = i+1, j+1
		case Removed:
			out = append(out, DiffLine{Op: Removed, Text: a[i], Old: i + 1})
			i++
		case Added, Skipped:
			out = append(out, DiffLine{Op: Added, Text: b[j], New: j + 1})
			j++
		}
	}
	same(len(a)-tail, len(b)-tail, tail)
	return out
}

// steps leads from one list of lines to another by a longest common
// subsequence. Where its table would be too large, one list replaces the other.
func steps(a, b []string) []Op {
	out := make([]Op, 0, len(a)+len(b))
	if len(a)*len(b) <= diffCells {
		table := common(a, b)
		width := len(b) + 1
		for len(a) > 0 && len(b) > 0 {
			at := len(table) - (len(a)+1)*width + width - len(b) - 1
			switch {
			case a[0] == b[0]:
				out, a, b = append(out, Same), a[1:], b[1:]
			case table[at+width] >= table[at+1]:
				out, a = append(out, Removed), a[1:]
			default:
				out, b = append(out, Added), b[1:]
			}
		}
	}
	for range a {
		out = append(out, Removed)
	}
	for range b {
		out = append(out, Added)
	}
	return out
}

// common is the table of how many lines the rests of two lists have in common:
// row i, column j is for a[i:] and b[j:].
func common(a, b []string) []int32 {
	width := len(b) + 1
	table := make([]int32, (len(a)+1)*width)
	for i, mine := range slices.Backward(a) {
		for j, theirs := range slices.Backward(b) {
			at := i*width + j
			if mine == theirs {
				table[at] = table[at+width+1] + 1
			} else {
				table[at] = max(table[at+width], table[at+1])
			}
		}
	}
	return table
}

// fold leaves out what is the same, but for a few lines around each change.
func fold(all []DiffLine) []DiffLine {
	near := make([]bool, len(all))
	for i := range all {
		if all[i].Op != Same {
			for k := max(0, i-diffContext); k <= min(len(all)-1, i+diffContext); k++ {
				near[k] = true
			}
		}
	}
	out := []DiffLine{}
	for i := range all {
		switch n := len(out); {
		case near[i] && n < diffLines:
			out = append(out, all[i])
		case n > 0 && out[n-1].Op == Skipped:
			out[n-1].Count++
		default:
			out = append(out, DiffLine{Op: Skipped, Count: 1})
		}
	}
	return out
}
