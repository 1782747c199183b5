package daemon

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"

	"go.uber.org/zap"

	"github.com/streamwatch/streamwatch/configs"
	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/web"
)

// elsewhere refuses to change a stream that a file describes.
func elsewhere(s *configs.Stream) *web.Refusal {
	return &web.Refusal{
		Status: http.StatusConflict, Detail: fmt.Sprintf("stream %q is described in %s", s.Name, s.File()),
		Hint: "change it there; the API changes only streams that came by it",
	}
}

// refuse logs why nothing was changed.
func (d *Daemon) refuse(what string, r *web.Refusal) error {
	mask := d.o.Secrets.Mask
	r.Detail = mask(r.Detail)
	fields := []zap.Field{zap.String("why", r.Detail)}
	if lines := d.lines(r.Problems); len(lines) > 0 {
		fields = append(fields, zap.Strings("problems", lines))
	}
	if len(r.NeedsRestart) > 0 {
		fields = append(fields, zap.Strings("needs_restart", r.NeedsRestart))
	}
	d.log.Warn(what, fields...)
	return r
}

// lines masks problems, and returns each as a line.
func (d *Daemon) lines(problems []web.Problem) (lines []string) {
	mask := d.o.Secrets.Mask
	for i := range problems {
		p := &problems[i]
		p.Message, p.Hint = mask(p.Message), mask(p.Hint)
		line := fmt.Sprintf("%s:%d:%d: %s", p.File, p.Line, p.Column, p.Message)
		if p.Hint != "" {
			line += " (hint: " + p.Hint + ")"
		}
		lines = append(lines, line)
	}
	return lines
}

// shown are problems as the API shows them. name is the file of those without one.
func shown(name string, problems []configs.Problem) (list []web.Problem) {
	for i := range problems {
		p := &problems[i]
		list = append(list, web.Problem{
			File: cmp.Or(p.File, name), Line: p.Line, Column: p.Col, Message: p.String(), Hint: p.Hint,
		})
	}
	return list
}

// problemsOf is why an event cannot be used.
func problemsOf(err error) *web.Refusal {
	problems, ok := errors.AsType[*configs.Problems](err)
	if !ok {
		return &web.Refusal{Status: http.StatusBadRequest, Detail: err.Error(), Hint: probe.HintOf(err)}
	}
	r := &web.Refusal{Status: http.StatusBadRequest, Detail: problems.List[0].String()}
	if n := len(problems.List); n > 1 {
		r.Detail = fmt.Sprintf("%d problems", n)
	}
	r.Problems = shown(problems.Name, problems.List)
	return r
}
