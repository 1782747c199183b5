package playlist

import "strings"

// firstPathway is that of variants without a PATHWAY-ID, RFC 8216bis §4.4.6.6.
const firstPathway = "."

// steering reads EXT-X-CONTENT-STEERING.
func (r *reader) steering(value string) {
	r.p.Steering = true
	r.steeringLine = r.number
	served := false
	for r.attrs(value); r.nextAttr(); {
		switch r.attr.name {
		case "SERVER-URI":
			served = r.quotedAttr() != ""
		case "PATHWAY-ID":
			r.pathway = strings.Clone(r.quotedAttr())
		}
	}
	if !served {
		r.problem("mv.steering", "EXT-X-CONTENT-STEERING has no SERVER-URI")
	}
}

// judgePathway holds the pathway to start with to those that variants are on.
func (r *reader) judgePathway() {
	if r.pathway == "" {
		return
	}
	for i := range r.p.Variants {
		id := r.p.Variants[i].PathwayID
		if id == "" {
			id = firstPathway
		}
		if id == r.pathway {
			return
		}
	}
	r.problemAt(r.steeringLine, "mv.steering", "PATHWAY-ID %s is that of no variant", quote(r.pathway))
}
