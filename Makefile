# Everything that a person or CI runs. `make` alone prints the targets.

GO       ?= go
LINT      = $(GO) run github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0
GOFUMPT   = $(GO) run mvdan.cc/gofumpt@v0.12.0
RELEASER  = $(GO) run github.com/goreleaser/goreleaser/v2@v2.16.0
# A clone without a host has one for as long as a snapshot takes: goreleaser knows no commit otherwise.
HOST      = GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=remote.origin.url GIT_CONFIG_VALUE_0=https://github.com/streamwatch/streamwatch
VERSION  := $(shell git describe --tags --always --dirty 2>/dev/null || echo devel)
STAMP    := -X main.version=$(VERSION) $(shell git log -1 --format='-X main.commit=%H -X main.date=%cI' 2>/dev/null)
FUZZTIME ?= 30s
SOAK     ?= 30m
STREAMS  ?= 500
RUNS     ?= 1
SIDE     ?= 6
ROUNDS   ?= 1
SPAN     ?= 2m
CROWD    ?= 10m
ROWS     ?= .
REAL      = ^TestRealStream$$
# Packages whose tests wait more than they compute, the longest first.
WAITS     = cmd/streamwatch player probe/web
# Tests that skip all or some of their work under the race detector, but for those of probe/drill.
LONG      = TestAlarmsOfDrills|TestSizes|TestWalk|TestRetention
SIMULATED = GOGC=400 GODEBUG=adaptivestackstart=1 nice -n 19
EMPTY    :=
SPACE    := $(EMPTY) $(EMPTY)

.DEFAULT_GOAL := help
.PHONY: cross release-check image package-check help demo build test test-real test-waits test-computes lint fmt golden generate bench load growth fleet field player-table player-webkit player-size player-crowd shots fuzz soak clean

help: ## print this list
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: build ## watch a live stream with faults to inject, no network or account needed
	@bin/streamwatch demo

build: ## build bin/streamwatch
	@$(GO) build -trimpath -ldflags "$(STAMP)" -o bin/streamwatch ./cmd/streamwatch

test: ## all tests with the race detector; those that need a missing tool say so and skip
	$(GO) build -race ./...
	@$(MAKE) -j3 test-real test-waits test-computes

# Encoders, browsers and processes in real time. What only computes takes the
# processor time that they leave.
test-real: # four minutes, in which nothing else of its package would run
	$(GO) test -vet=off -timeout 30m -run '$(REAL)' ./cmd/streamwatch

test-waits:
	$(GO) test -race -timeout 30m -skip '$(REAL)' -p $(words $(WAITS)) $(addprefix ./,$(WAITS))

# The race detector makes a simulation ten times slower: with it runs a tenth of the
# long ones, and without it all. A simulation starts a goroutine for each request, which
# costs a tenth less with a stack of the usual size from the beginning.
test-computes:
	$(SIMULATED) $(GO) test -vet=off -timeout 60m ./probe/drill
	$(SIMULATED) $(GO) test -vet=off -timeout 60m -run '$(LONG)' ./dashboards ./probe/incident ./probe/sink/store
	nice -n 19 $(GO) test -race -timeout 60m $$($(GO) list ./... | grep -vE '/($(subst $(SPACE),|,$(WAITS)))$$')
	nice -n 19 $(GO) test -C configs/deploy/image .

lint: ## golangci-lint (import rules included) and gofumpt
	$(LINT) run --allow-parallel-runners ./...

fmt: ## format, and apply the fixes that the linters know
	$(GOFUMPT) -w cmd configs dashboards player probe provision
	$(LINT) run --fix ./...

golden: ## rewrite every golden file; review the diff
	$(GO) test ./player -run TestBundle -update # the other files of player hold its hash
	@for p in $$(grep -rlE 'flag\.Bool\("update"' --include='*_test.go' . | xargs -n1 dirname | sort -u); do \
		$(GO) test $$p -update || exit 1; done

generate: ## fetch and pack what is embedded (needs npm)
	$(GO) generate ./...

bench: ## benchmarks, with allocations
	$(GO) test -run '^$$' -bench . -benchmem ./...

fuzz: ## every fuzz target for FUZZTIME (30s)
	@grep -rhoE '^func Fuzz[A-Za-z0-9_]+' --include='*_test.go' --with-filename . | sed 's|:func | |' | \
		while read -r file name; do $(GO) test -run '^$$' -fuzz "^$$name\$$" -fuzztime $(FUZZTIME) $$(dirname $$file) || exit 1; done

fleet: ## three NATS servers, two hubs, four agents, 400 streams: each member is killed in turn under a fault, ROUNDS (1) times
	STREAMWATCH_FLEET=$(ROUNDS) $(GO) test -run 'TestFleetLong$$' -count 1 -timeout 1h -v ./cmd/streamwatch

growth: ## rows and bytes that the history of 20 streams takes in a day, over 30 simulated minutes
	STREAMWATCH_GROWTH=30m $(GO) test -run TestGrowth -count 1 -v ./probe/drill

load: ## requests, processor time and memory of the binary at STREAMS (500) streams; STREAMWATCH_LOAD_TARGET=6s, STREAMWATCH_LOAD_SINKS=all
	STREAMWATCH_LOAD=$(STREAMS) $(GO) test -run 'TestLoad$$' -count 1 -timeout 1h -v ./cmd/streamwatch

field: ## real packagers behind real caches, all pairs for SPAN (2m) each, then real faults; prints what was said
	STREAMWATCH_FIELD=$(SPAN) $(GO) test -run 'TestFieldPairs$$' -count 1 -timeout 1h -v ./cmd/streamwatch
	STREAMWATCH_FIELD=$(SPAN) $(GO) test -run 'TestFieldFaults$$' -count 1 -timeout 1h -v ./cmd/streamwatch
	STREAMWATCH_FIELD=$(SPAN) $(GO) test -run 'TestFieldSlow$$' -count 1 -timeout 1h -v ./cmd/streamwatch

player-table: ## player/RECOVERY.md: what the embeds survive, measured in a browser RUNS (1) times, SIDE (6) pages at once, 20 minutes a run; ROWS=TS/.*frozen for some
	STREAMWATCH_PLAYER_TABLE=$(RUNS) $(GO) test -run 'TestRecoveryTable/$(ROWS)' -parallel $(SIDE) -timeout 12h -v ./player

player-webkit: ## the embeds in WebKitGTK (needs webkit2gtk-driver and xvfb)
	STREAMWATCH_PLAYER_WEBKIT=1 $(GO) test -run 'TestWebKit|TestHostPages/webkit' -count=1 -v ./player

player-size: ## player/SIZE.md: what the embeds load, and the time to a picture, beside other players (needs npm)
	STREAMWATCH_PLAYER_SIZE=1 $(GO) test -run TestSizes -count=1 -v ./player

player-crowd: ## player/CROWD.md: how often a page asks in CROWD (10m) of each outage, all at once; 2m will do
	STREAMWATCH_PLAYER_CROWD=$(CROWD) $(GO) test -run TestCrowdOfOne -timeout 1h -count=1 -v ./player

shots: ## the pictures of docs/, taken in a browser (three minutes)
	STREAMWATCH_SHOTS=$(CURDIR)/docs $(GO) test -run 'TestShots|TestRehearsal$$' -count 1 -v ./player ./cmd/streamwatch ./probe/drill

soak: ## real streams, by ffmpeg and nginx, for SOAK (30m), a fault every 5 minutes: found, and nothing grows
	STREAMWATCH_SOAK=$(SOAK) $(GO) test -run TestSoak -timeout 0 -count 1 -v ./cmd/streamwatch

cross: ## what we ship compiles for Windows and macOS too
	@for os in windows darwin; do GOOS=$$os CGO_ENABLED=0 $(GO) build -o /dev/null ./cmd/streamwatch || exit 1; done

release-check: ## build archives, deb, rpm, SBOM, image, manifests and checksums into dist, without publishing
	$(RELEASER) check
	$(HOST) $(RELEASER) release --snapshot --clean --skip=publish
	$(MAKE) image

image: ## the container image in dist/image, an OCI layout, of what release-check has built; PUSH=TAG sends it to a registry
	$(GO) run -C configs/deploy/image . --dist $(CURDIR)/dist --out $(CURDIR)/dist/image --push "$(PUSH)"

package-check: ## install what release-check has built into clean roots, and run it there (as root, on Debian; minutes)
	configs/deploy/packages/check.sh dist

clean: ## delete what was built
	rm -rf bin build dist
