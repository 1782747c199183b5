package daemon

import (
	"time"
)

// rememberActions is for how long before a start people's silences and
// acknowledgements are taken up: that of an incident which is still open may be
// as old as the longest event.
const rememberActions = 14 * 24 * time.Hour
