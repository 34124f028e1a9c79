# gate401: what can be made. "make help" lists it.
SHELL := bash
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
ROUNDS ?= 10
SECONDS ?= 3
TEMPL := go run github.com/a-h/templ/cmd/templ@v0.3.977

.PHONY: help build release image demo test check race fuzz lint generate docs bench bench-proxy soak cover clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  \1\t\2/' | expand -t 14

build: ## build ./gate401, static
	CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X main.version=$(VERSION)" -o gate401 ./cmd/gate401

release: ## archives of a version for all platforms in dist, with checksums
	go run ./tools/release -out dist $(if $(filter command line environment,$(origin VERSION)),-version $(VERSION))

image: ## the folder dist/image for deploy/docker/Dockerfile.binary
	CGO_ENABLED=0 GOOS=linux go build -trimpath -ldflags "-s -w -X main.version=$(VERSION)" -o dist/gate401-linux ./cmd/gate401
	@scripts/image.sh dist/gate401-linux dist/image

demo: ## run the demo
	go run ./cmd/gate401 demo

test: ## everything; as root on Debian it installs what is missing
	@scripts/test.sh

check: ## the fast part: formatting, vet, tests without servers and browsers
	@test -z "$$(gofmt -l $$(git ls-files '*.go' | grep -v '_templ\.go$$'))" || { echo "gofmt would change files"; exit 1; }
	go vet ./...
	go test $$(go list ./... | grep -v '/e2e')

race: ## the tests with the race detector
	go test -race -shuffle=on ./...

fuzz: ## fuzz every parser for half a minute
	scripts/fuzz.sh 30s

lint: ## the linters
	scripts/lint.sh

generate: ## write the generated Go files and the JSON Schema anew
	@$(TEMPL) generate -path . >/dev/null 2>&1 || $(TEMPL) generate -path .
	@go generate ./internal/config

docs: ## write the generated documents anew
	@go run ./internal/docs

bench: ## the benchmarks behind docs/performance.md
	scripts/bench.sh

bench-proxy: ## the gate side by side with HAProxy, nginx and bare Go servers: ROUNDS, SECONDS
	@scripts/bench-proxy.sh -rounds $(ROUNDS) -seconds $(SECONDS) $(BENCHFLAGS)

soak: ## the gate under load for DURATION (1h): memory, goroutines, answers
	@scripts/soak.sh

cover: ## coverage by package
	go test -cover ./... | grep -v 'no test files'

clean: ## remove what was built
	rm -rf gate401 bin dist
