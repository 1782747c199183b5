package web

import (
	"net/http"
	"time"
)

// Faults switches the faults of the demo. It exists only there: nothing that
// watches a real stream can be told to break it.
type Faults interface {
	// List returns the faults that can be injected, in the order of the page.
	List() []Fault
	// Active returns those that are on now.
	Active() []ActiveFault
	// Inject switches a fault on, for a while or, with 0, until it is cleared.
	// Its error is one of the user's: an unknown name.
	Inject(name, stream, rendition string, d time.Duration) error
	// Clear switches a fault off; the empty name clears all.
	Clear(name, stream, rendition string) error
}

// Fault is one that can be injected.
type Fault struct {
	Name  string `json:"name"`
	Title string `json:"title"` // what goes wrong, in a few words
	Where string `json:"where"` // origin or edge
}

// ActiveFault is one that is on.
type ActiveFault struct {
	Name      string `json:"name"`
	Stream    string `json:"stream"`
	Rendition string `json:"rendition"`
}

// faultRequest is the body of POST and DELETE.
type faultRequest struct {
	Name       string  `json:"name"`
	Stream     string  `json:"stream"`
	Rendition  string  `json:"rendition"`
	ForSeconds float64 `json:"for_seconds"` // 0 is until cleared
}

// faults lists, injects and clears. POST and DELETE take a faultRequest; every
// answer is the list as it is then.
func (s *Server) faults(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodPost || r.Method == http.MethodDelete {
		var req faultRequest
		if !receive(w, r, &req) {
			return
		}
		if req.ForSeconds < 0 || req.ForSeconds > 24*3600 {
			problem(w, http.StatusBadRequest, "for_seconds must be 0 to 86400")
			return
		}
		var err error
		if r.Method == http.MethodPost {
			err = s.o.Faults.Inject(req.Name, req.Stream, req.Rendition, time.Duration(req.ForSeconds*float64(time.Second)))
		} else {
			err = s.o.Faults.Clear(req.Name, req.Stream, req.Rendition)
		}
		if err != nil {
			problem(w, http.StatusBadRequest, err.Error())
			return
		}
	}
	active := s.o.Faults.Active()
	if active == nil {
		active = []ActiveFault{}
	}
	send(w, http.StatusOK, "application/json", struct {
		Faults []Fault       `json:"faults"`
		Active []ActiveFault `json:"active"`
	}{s.o.Faults.List(), active})
}
