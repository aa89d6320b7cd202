# The two commands of the README, and what developers run before a commit.

MODEL  ?= qwen2.5-coder-1.5b-instruct
STUDY  ?= Examples/demo-study.yaml
GYGES  := .build/release/gyges

.PHONY: demo test build dist check format docs needs clean

## demo: install what is missing, build, fetch a model, run a small study on it, say where the report lies
demo: build
	$(GYGES) pull $(MODEL)
	$(GYGES) study run $(STUDY)

## test: install what is missing, build and run every test
test: needs
	swift build --build-tests
	swift test --skip-build

## build: the optimised program, .build/release/gyges
build: needs
	swift build --configuration release --product gyges

## dist: an archive of the program that runs without Swift, .build-dist/gyges-VERSION-linux-ARCHITECTURE.tar.gz
dist: needs
	scripts/make-dist

## check: formatting, and the import rules between the rooms
check:
	swift format lint --strict --recursive --parallel Package.swift Plugins Sources Tests Benchmarks/Package.swift Benchmarks/Sources
	scripts/check-rooms

## format: rewrite the sources in the house format
format:
	swift format --in-place --recursive --parallel Package.swift Plugins Sources Tests Benchmarks/Package.swift Benchmarks/Sources

## docs: the documentation of every library as static pages, .build/docs
docs: needs
	scripts/make-docs

## needs: the system packages that the build and the tests use
needs:
	@scripts/install-needs

clean:
	rm -rf .build .build-dist
