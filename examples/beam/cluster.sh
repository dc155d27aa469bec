#!/usr/bin/env bash
# Runs the module's tests on Flink or Spark: a cluster of two machines, each a
# process, one of which is killed in the middle of jobs. Needs Java 11 or 17, Maven, and
# 3 GB of memory and of disk; Maven fetches 150 to 300 MB.
#
#   ./cluster.sh flink
#   ./cluster.sh spark -run TestLostMachine
set -euo pipefail
cd "$(dirname "$0")"
engine=${1:?want flink or spark}
shift
mvn -B -q -f "$engine/pom.xml" dependency:copy-dependencies
exec go test -count 1 -p 1 -v -timeout 60m "$@" . ./cxrbeam -cluster "$engine"
