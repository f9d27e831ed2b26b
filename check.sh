#!/usr/bin/env bash
# What a commit must pass: layout, build with warnings as errors, the default tests.
set -euo pipefail
dotnet tool restore >/dev/null
dotnet csharpier check .
dotnet build --nologo -v q
dotnet test --no-build --filter-not-trait tier=slow
