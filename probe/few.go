package probe

import (
	"fmt"
	"slices"
)

// few is how many of a list a person reads on.
const few = 20

// Few returns the beginning of a list, and a word on how many more there are.
func Few(list []string) []string {
	if len(list) <= few {
		return list
	}
	return append(slices.Clone(list[:few]), fmt.Sprintf("and %d more", len(list)-few))
}
