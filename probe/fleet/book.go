package fleet

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/zap"

	"github.com/streamwatch/streamwatch/probe"
)

// closedKept is for how long a closed incident stays in the book of the fleet.
const closedKept = 7 * 24 * time.Hour

// Incidents are those in the fleet's book, open and closed. Old ones are deleted.
func (h *Hub) Incidents(ctx context.Context) (list []probe.Incident, err error) {
	keys, err := h.room.incidents.ListKeys(ctx)
	if err != nil {
		return nil, fmt.Errorf("reading the book of incidents: %w", err)
	}
	for key := range keys.Keys() {
		if strings.HasPrefix(key, actionPrefix) || strings.HasPrefix(key, notePrefix) {
			continue
		}
		entry, err := h.room.incidents.Get(ctx, key)
		if errors.Is(err, jetstream.ErrKeyNotFound) {
			continue
		}
		var in probe.Incident
		if err == nil {
			err = entered(entry, &in)
		}
		if err != nil {
			return nil, fmt.Errorf("reading the book of incidents: %s: %w", key, err)
		}
		if in.Closed != nil && time.Since(*in.Closed) > closedKept {
			_ = h.room.incidents.Purge(ctx, key) // the next hub tries again
			continue
		}
		list = append(list, in)
	}
	h.log.Info("this hub leads", zap.String("hub", h.o.Name), zap.Int("incidents_in_the_book", len(list)))
	return list, nil
}

// Reconcile says what a hub's own store lacks of the book, given all incidents
// there, and which are open now.
func Reconcile(book, own []probe.Incident) (lacks, open []probe.Incident) {
	openHere, there := make(map[string]bool, len(own)), make(map[string]bool, len(book))
	for i := range own {
		openHere[own[i].ID] = own[i].Open()
	}
	for i := range book {
		in := book[i]
		there[in.ID] = true
		if in.Open() {
			open = append(open, in)
		}
		if as, known := openHere[in.ID]; !known || as != in.Open() {
			lacks = append(lacks, in)
		}
	}
	for _, in := range slices.Backward(own) { // they come newest first
		if in.Open() && !there[in.ID] { // from before the fleet
			open = append(open, in)
		}
	}
	return lacks, open
}
