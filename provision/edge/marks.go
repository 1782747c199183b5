package edge

import (
	"crypto/rand"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// Word says what a cache did for an answer.
type Word string

// Words, one of which holds for each answer.
const (
	WordHit      Word = "hit"      // a fresh copy
	WordMiss     Word = "miss"     // there was no copy
	WordExpired  Word = "expired"  // the copy was old, and another object came
	WordRefresh  Word = "refresh"  // the copy was old, and the origin said that it holds
	WordStale    Word = "stale"    // the copy is old, and the origin is asked because of this request
	WordUpdating Word = "updating" // the copy is old, and the origin is being asked already
	WordFallback Word = "fallback" // the copy is old, and the origin fails
	WordError    Word = "error"    // an error, kept or new
)

// Marks are the headers by which a cache tells what it did. In the texts
// {host} stands for the edge's name, {pop} for its place, {id} for the number
// of the request, {fill} for that of the request which filled the cache, and
// {random} for what is new each time.
type Marks struct {
	Name   string            // of the header that has the word; "" is none
	Words  map[Word]string   // what it says; a word that is missing leaves it out
	Via    string            // appended to the origin's Via; "" is none
	Vias   map[Word]string   // of a cache that tells what it did in Via
	Always map[string]string // other headers, on every answer
}

// cloudFrontMarks are those of Amazon CloudFront.
func cloudFrontMarks() *Marks {
	const from = " from cloudfront"
	return &Marks{
		Name: "X-Cache",
		Words: map[Word]string{
			WordHit: "Hit" + from, WordMiss: "Miss" + from, WordExpired: "Miss" + from, WordRefresh: "RefreshHit" + from,
			WordStale: "Hit" + from, WordUpdating: "Hit" + from, WordFallback: "RefreshHit" + from, WordError: "Error" + from,
		},
		Via:    "1.1 {host} (CloudFront)",
		Always: map[string]string{"X-Amz-Cf-Pop": "{pop}", "X-Amz-Cf-Id": "{random}=="},
	}
}

// Mark writes the headers that tell what the edge did, and lets every page read
// the answer unless the origin says who may.
func (e *Edge) Mark(h http.Header, res Result) {
	id := res.id
	if id == 0 {
		id = e.asked.Add(1)
	}
	if h.Get("Access-Control-Allow-Origin") == "" {
		h.Set("Access-Control-Allow-Origin", "*")
	}
	m := e.config.Marks
	if text, ok := m.Words[res.Word]; ok {
		h.Set(m.Name, e.fill(text, res, id))
	}
	via := m.Via
	if text, ok := m.Vias[res.Word]; ok {
		via = text
	}
	if via != "" {
		h["Via"] = append(slices.Clone(h["Via"]), e.fill(via, res, id))
	}
	for name, text := range m.Always {
		h.Set(name, e.fill(text, res, id))
	}
}

// fill puts values into a text of Marks.
func (e *Edge) fill(text string, res Result, id int64) string {
	if !strings.Contains(text, "{") {
		return text
	}
	fill := id
	if res.Object != nil {
		fill = res.Object.fill
	}
	text = strings.ReplaceAll(text, "{host}", e.host)
	text = strings.ReplaceAll(text, "{pop}", e.config.Pop)
	text = strings.ReplaceAll(text, "{id}", strconv.FormatInt(id, 10))
	text = strings.ReplaceAll(text, "{fill}", strconv.FormatInt(fill, 10))
	if strings.Contains(text, "{random}") {
		text = strings.ReplaceAll(text, "{random}", rand.Text()+rand.Text())
	}
	return text
}
