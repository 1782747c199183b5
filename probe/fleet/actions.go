package fleet

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/zap"

	"github.com/streamwatch/streamwatch/probe"
)

// What people do at the hub (silences, acknowledgements), and who was told of what, stands in the fleet's
// book beside the incidents, for whichever hub leads next.

const (
	notePrefix   = "note."
	actionPrefix = "action."
	actionsKept  = 15 * 24 * time.Hour // longer than a silence may last
)

// Journal notes what people do in the fleet's book, and then as another journal does.
func (h *Hub) Journal(own func(context.Context, *probe.Action) error) func(context.Context, *probe.Action) error {
	return func(ctx context.Context, a *probe.Action) error {
		text, err := json.Marshal(a)
		if err != nil {
			return err
		}
		putting, cancel := context.WithTimeout(ctx, 2*askTimeout)
		defer cancel()
		key := actionPrefix + strconv.FormatInt(time.Now().UnixNano(), 10)
		if _, err := h.room.incidents.Put(putting, key, fit(text)); err != nil {
			return fmt.Errorf("writing the fleet's book: %w", err)
		}
		return own(ctx, a)
	}
}

// Actions are what people did, by the fleet's book, with those that only this
// hub's own journal has; oldest first.
func (h *Hub) Actions(ctx context.Context, own []probe.Action) ([]probe.Action, error) {
	keys, err := h.room.incidents.ListKeysFiltered(ctx, actionPrefix+">")
	if err != nil {
		return nil, fmt.Errorf("reading the book of incidents: %w", err)
	}
	list := slices.Clone(own) // one that is there twice changes nothing
	for key := range keys.Keys() {
		entry, err := h.room.incidents.Get(ctx, key)
		var a probe.Action
		if err == nil {
			err = entered(entry, &a)
		}
		if err != nil {
			return nil, fmt.Errorf("reading the book of incidents: %s: %w", key, err)
		}
		if time.Since(a.At) > actionsKept {
			_ = h.room.incidents.Purge(ctx, key) // the next hub tries again
			continue
		}
		list = append(list, a)
	}
	slices.SortStableFunc(list, func(a, b probe.Action) int { return a.At.Compare(b.At) })
	return list, nil
}

// ReadNote returns what a hub wrote down of a receiver, os.ErrNotExist where none did.
func (h *Hub) ReadNote(name string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*askTimeout)
	defer cancel()
	entry, err := h.room.incidents.Get(ctx, notePrefix+name)
	if errors.Is(err, jetstream.ErrKeyNotFound) {
		return nil, os.ErrNotExist
	}
	if err != nil {
		return nil, fmt.Errorf("reading the fleet's book: %w", err)
	}
	return unfit(entry.Value())
}

// WriteNote keeps what the next hub must know of a receiver. Only who leads writes.
func (h *Hub) WriteNote(name string, text []byte) error {
	if !h.leads.Load() {
		return ErrLost
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*askTimeout)
	defer cancel()
	_, err := h.room.incidents.Put(ctx, notePrefix+name, fit(text))
	switch {
	case err == nil:
	case tooLarge(err): // it will never be written: messages go on all the same
		h.log.Error("what receivers were told is too much for the fleet's book: the next hub may tell them again",
			zap.Int("bytes", len(text)), zap.Error(err))
	default:
		return fmt.Errorf("writing the fleet's book: %w", err)
	}
	return nil
}
