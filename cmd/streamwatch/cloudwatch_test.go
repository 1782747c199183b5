package main

import (
	"compress/gzip"
	"io"
	"net/http"
	"strings"
	"sync"

	"github.com/aws/smithy-go/encoding/cbor"
)

// metricsDouble is a CloudWatch over HTTP beside the double of CloudFormation,
// which gets all other requests.
type metricsDouble struct {
	next http.Handler

	mu      sync.Mutex
	put     map[string]int // samples by "Namespace/Metric Dimension=Value"
	asked   []string       // operations and what they switch
	refuses string         // an operation that is answered with AccessDenied
	other   int            // requests for next
}

// ServeHTTP answers a request of the SDK.
func (d *metricsDouble) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_, op, ours := strings.Cut(r.URL.Path, "/operation/")
	d.mu.Lock()
	defer d.mu.Unlock()
	if !ours {
		d.other++
		d.next.ServeHTTP(w, r)
		return
	}
	var body io.Reader = r.Body
	if r.Header.Get("Content-Encoding") == "gzip" {
		body, _ = gzip.NewReader(r.Body)
	}
	text, _ := io.ReadAll(io.LimitReader(body, 1<<20))
	v, _ := cbor.Decode(text)
	in, _ := v.(cbor.Map)
	d.asked = append(d.asked, strings.Join(append([]string{op}, words(in["AlarmNames"])...), " "))
	w.Header().Set("Smithy-Protocol", "rpc-v2-cbor")
	w.Header().Set("Content-Type", "application/cbor")
	if op == d.refuses {
		w.Header().Set("X-Amzn-Query-Error", "AccessDenied;Sender")
		w.WriteHeader(http.StatusForbidden)
		_, _ = w.Write(cbor.Encode(cbor.Map{"__type": cbor.String("com.amazonaws.cloudwatch#AccessDenied"), "message": cbor.String("no")}))
		return
	}
	for _, m := range elements(in["MetricData"]) {
		datum, _ := m.(cbor.Map)
		var name strings.Builder
		name.WriteString(word(in["Namespace"]) + "/" + word(datum["MetricName"]))
		for _, dimension := range elements(datum["Dimensions"]) {
			pair, _ := dimension.(cbor.Map)
			name.WriteString(" " + word(pair["Name"]) + "=" + word(pair["Value"]))
		}
		for _, n := range elements(datum["Counts"]) {
			count, _ := cbor.AsFloat64(n)
			d.put[name.String()] += int(count)
		}
	}
	_, _ = w.Write(cbor.Encode(cbor.Map{}))
}

func elements(v cbor.Value) cbor.List {
	list, _ := v.(cbor.List)
	return list
}

func word(v cbor.Value) string {
	s, _ := v.(cbor.String)
	return string(s)
}

func words(v cbor.Value) []string {
	var list []string
	for _, e := range elements(v) {
		list = append(list, word(e))
	}
	return list
}
