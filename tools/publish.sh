#!/bin/sh
# The command as one file that needs no .NET, for each system: artifacts/publish/SYSTEM/espalier. Systems may be named.
#   sh tools/publish.sh [linux-x64 linux-arm64 win-x64 osx-arm64]
set -e
cd "$(dirname "$0")/.."
[ $# -gt 0 ] || set -- linux-x64 linux-arm64 win-x64 osx-arm64
for system; do
    to=artifacts/publish/$system
    rm -rf "$to"
    dotnet publish src/Espalier.Cli -c Release -r "$system" --self-contained -p:PublishSingleFile=true -o "$to" -v q --nologo
    rm -f "$to"/*.pdb
    for made in "$to"/Espalier.Cli*; do
        mv "$made" "$to/espalier${made#"$to/Espalier.Cli"}"
    done
    ls -l "$to"
done
