package rule

import (
	"strconv"
	"strings"
)

// DidYouMean returns a hint that names the closest of some words, or nothing.
func DidYouMean(got string, words []string) string {
	if best := Closest(got, words); best != "" {
		return "did you mean " + strconv.Quote(best) + "?"
	}
	return ""
}

// Closest returns the word that was most likely meant, or nothing when none is
// close enough to be a slip of the fingers.
func Closest(got string, words []string) string {
	got = strings.ToLower(got)
	best, distance := "", max(len(got)/3, 1)+1
	for _, w := range words {
		if d := editDistance(got, strings.ToLower(w)); d < distance {
			best, distance = w, d
		}
	}
	return best
}

// editDistance is the Damerau-Levenshtein distance in its optimal string
// alignment form: insertions, deletions, replacements and swapped neighbours.
func editDistance(a, b string) int {
	s, t := []rune(a), []rune(b)
	if len(s) > 64 || len(t) > 64 {
		return max(len(s), len(t))
	}
	before, last, row := make([]int, len(t)+1), make([]int, len(t)+1), make([]int, len(t)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(s); i++ {
		row[0] = i
		for j := 1; j <= len(t); j++ {
			cost := 1
			if s[i-1] == t[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && s[i-1] == t[j-2] && s[i-2] == t[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(t)]
}
