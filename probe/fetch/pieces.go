package fetch

import "strings"

const (
	longSecret = 16 // bytes from which on pieces of a form of a secret are looked for
	cutSecret  = 12 // of it that stand together
)

// pieces are the forms of long secrets by how they begin and by how they end.
type pieces struct{ begin, end map[string][]string }

func piecesOf(forms []string) pieces {
	p := pieces{map[string][]string{}, map[string][]string{}}
	for _, f := range forms {
		if len(f) < longSecret {
			continue
		}
		head, tail := f[:cutSecret], f[len(f)-cutSecret:]
		p.begin[head], p.end[tail] = append(p.begin[head], f), append(p.end[tail], f)
	}
	return p
}

// MaskPieces masks as Mask does, and also the beginnings and ends of long secrets
// that a server has cut off, as in a body that stops in the middle.
func (s *Secrets) MaskPieces(text string) string {
	text = s.Mask(text)
	if s == nil || len(text) < cutSecret {
		return text
	}
	m := s.forms.Load()
	if m == nil {
		m = s.remake()
	}
	var b strings.Builder
	done := 0 // what of the text is in b
	for i := 0; i+cutSecret <= len(text); i++ {
		from, to := i, 0
		window := text[i : i+cutSecret]
		for _, form := range m.pieces.begin[window] {
			to = max(to, i+alike(text[i:], form))
		}
		for _, form := range m.pieces.end[window] {
			to = max(to, i+cutSecret)
			from = min(from, i-alikeEnds(text[done:i], form[:len(form)-cutSecret]))
		}
		if to > 0 {
			b.WriteString(text[done:from])
			b.WriteString(redacted)
			done, i = to, to-1
		}
	}
	if done == 0 {
		return text
	}
	b.WriteString(text[done:])
	return b.String()
}

// alike is how many bytes two texts have in common at their beginnings.
func alike(a, b string) (n int) {
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}

// alikeEnds is how many bytes two texts have in common at their ends.
func alikeEnds(a, b string) (n int) {
	for n < len(a) && n < len(b) && a[len(a)-1-n] == b[len(b)-1-n] {
		n++
	}
	return n
}
