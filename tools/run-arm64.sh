#!/bin/sh
# Runs what `sh tools/publish.sh linux-arm64` made in an emulator and compares it with this machine, both in plain loops
# (ESPALIER_KERNELS=reference): answers, trained weights and the exported graph must be the same bytes. Needs Debian's
# qemu-user and curl; the libraries of arm64 come from apt into artifacts/arm64, the machine itself stays as it is.
#   sh tools/run-arm64.sh [doctor predict train export serve]
# ESPALIER is the command to compare with, MODEL the folder of a classifier; both are made where they are not given.
set -e
cd "$(dirname "$0")/.."
[ $# -gt 0 ] || set -- doctor predict train export serve
at=$PWD/artifacts/arm64
tool=$PWD/artifacts/publish/linux-arm64/espalier
[ -e "$tool" ] || sh tools/publish.sh linux-arm64
[ -n "$ESPALIER" ] || {
    dotnet build src/Espalier.Cli -c Release -v q --nologo
    ESPALIER="dotnet $PWD/artifacts/bin/Espalier.Cli/release/Espalier.Cli.dll"
}
case $MODEL in '' | /*) ;; *) MODEL=$PWD/$MODEL ;; esac
mkdir -p "$at"
cd "$at"

# The libraries that .NET asks a system for; apt works on lists of its own.
if [ ! -e root/proc/cpuinfo ]; then
    mkdir -p apt/lists/partial apt/archives/partial root/proc
    cat >apt/conf <<END
APT::Architecture "arm64";
APT::Architectures { "arm64"; };
APT::Sandbox::User "";
Acquire::Languages "none";
Dir::State "$at/apt";
Dir::State::status "/dev/null";
Dir::Cache "$at/apt";
END
    export APT_CONFIG="$at/apt/conf"
    apt-get update -qq
    (cd apt && apt-get download -qq libc6 libgcc-s1 libstdc++6 libssl3 zlib1g)
    for package in apt/*.deb; do
        dpkg-deb -x "$package" root
    done
    unset APT_CONFIG
    # Emulators before QEMU 8 show the processor they run on themselves, and ONNX Runtime falls over one that is no ARM.
    for i in 0 1; do
        printf 'processor\t: %s\nFeatures\t: fp asimd\nCPU implementer\t: 0x41\nCPU architecture: 8\nCPU part\t: 0xd0c\n\n' $i
    done >root/proc/cpuinfo
fi

# Four reviews, and a model that has seen them once: what is compared need not be good.
printf 'text\tlabel\nWhat a lovely day.\tgood\nNever again.\tbad\nA joy.\tgood\nSo dull.\tbad\n' >tiny.tsv
printf 'What a lovely day.\nNever again.\n' >tiny.txt
columns="--text text --label label"
if [ -z "$MODEL" ]; then
    [ -d run ] || $ESPALIER run Q --train tiny.tsv --test tiny.tsv $columns --epochs 1 --output run
    MODEL=$(echo "$at"/run/2-*)
fi

export DOTNET_BUNDLE_EXTRACT_BASE_DIR="$at/unpacked" ESPALIER_KERNELS=reference
there() { qemu-aarch64 -L "$at/root" "$tool" "$@"; }
same() {
    cmp "here/$1" "there/$1"
    echo "arm64: $1: the same bytes"
}
rm -rf here there
mkdir here there
trap 'rm -rf "$at/here" "$at/there"' EXIT

for step; do
    case $step in
    doctor)
        there doctor | tee there/doctor
        grep -q '^kernels *reference' there/doctor
        ;;
    predict)
        $ESPALIER predict tiny.txt --model "$MODEL" --format json >here/answers
        there predict tiny.txt --model "$MODEL" --format json >there/answers
        cat there/answers
        same answers
        ;;
    train) # One step of fine-tuning, and int8: two stages of a study, without its measurements.
        cat >tiny.json <<'END'
{"version":1,"name":"tiny","model":"seedling","tasks":[{"name":"tiny","train":"tiny.tsv","test":"tiny.tsv","text":"text","label":"label"}],
 "pipelines":["Q"],"seeds":[1],"max_length":16,"training":{"epochs":1,"batch":4}}
END
        keys=$($ESPALIER study tiny.json --emit script --store here/store | sed -n 's/^ *stage \([0-9a-f]*\) # [OQ].*/\1/p')
        cp -r here/store there/store
        for key in $keys; do
            $ESPALIER stage run "$key" --store here/store
            there stage run "$key" --store there/store
        done
        for side in here there; do
            # The store names what it holds by its content.
            (cd $side/store/blobs && find . -type f | sort) >$side/weights
        done
        [ "$(wc -l <there/weights)" -gt 1 ]
        same weights
        ;;
    export)
        for side in here there; do
            run=there
            [ $side = there ] || run=$ESPALIER
            $run export --model "$MODEL" --to onnx --test tiny.tsv $columns --output $side/onnx
        done
        same onnx/onnx/model_quantized.onnx
        ;;
    serve)
        qemu-aarch64 -L root "$tool" serve "$MODEL" --port 0 >there/address 2>there/said &
        server=$!
        trap 'kill $server 2>/dev/null || true; rm -rf "$at/here" "$at/there"' EXIT
        until grep -qs 'can be asked' there/said; do
            kill -0 $server || { cat there/said; exit 1; }
            sleep 0.2
        done
        curl -sS --fail "$(head -n 1 there/address)/predict" -H 'Content-Type: application/json' -d '{"inputs":"What a lovely day."}' | tee there/served
        echo
        grep -q score there/served
        kill -TERM $server
        wait $server
        ;;
    *)
        echo "run-arm64.sh: '$step' is no step; doctor, predict, train, export and serve are." >&2
        exit 2
        ;;
    esac
done
