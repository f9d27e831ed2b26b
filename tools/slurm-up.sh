#!/usr/bin/env bash
# A private Slurm on this machine alone, from Debian's packages slurm-wlm and munge: everything in one folder, on loopback,
# nothing in /etc, no systemd. As root. Tests start and hurt it; by hand it is a cluster to try things on:
#   tools/slurm-up.sh up DIR 3 && . DIR/env && sinfo
# up DIR NODES      munge, a controller and so many nodes, n1 first, each with all cores of the machine
# controller DIR    the controller again, after it was killed
# node DIR NAME     a node's daemon again
# down DIR          all of it ends
# SLURM_PORT is the controller's port, and those above it are the nodes'.
set -euo pipefail
action=${1:?up, controller, node or down} dir=$(realpath -m "${2:?folder}")
export SLURM_CONF=$dir/slurm.conf

controller() { runuser -u slurm -- env SLURM_CONF="$SLURM_CONF" slurmctld; }

down() {
    local file pid i
    for file in "$dir"/run/slurmd.*.pid "$dir"/state/slurmctld.pid "$dir"/munge/pid; do
        [[ -s $file ]] || continue
        read -r pid <"$file" || continue
        kill "$pid" 2>/dev/null || continue
        for ((i = 0; i < 100; i++)); do
            [[ $(cut -d')' -f2 "/proc/$pid/stat" 2>/dev/null) == \ [!Z]* ]] || break
            sleep 0.1
        done
    done
}

up() {
    local nodes=$1 port=${SLURM_PORT:-16817} host cores memory i
    host=$(hostname -s) cores=$(nproc) memory=$(slurmd -C | sed -n 's/.*RealMemory=\([0-9]*\).*/\1/p')
    mkdir -p "$dir"/{munge,state,run,log}
    chmod 755 "$dir"
    dd if=/dev/urandom of="$dir/munge/munge.key" bs=128 count=1 status=none
    chmod 400 "$dir/munge/munge.key"
    chown -R munge:munge "$dir/munge"
    chmod 711 "$dir/munge"
    runuser -u munge -- munged --key-file="$dir/munge/munge.key" --socket="$dir/munge/sock" \
        --pid-file="$dir/munge/pid" --log-file="$dir/munge/log" --seed-file="$dir/munge/seed"
    chown slurm:slurm "$dir/state" "$dir/log"
    {
        # A credential that expires soon is for tests: a job that is started again waits as long (2 minutes by default).
        cat <<CONF
ClusterName=espalier
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=$port
SlurmUser=slurm
AuthType=auth/munge
AuthInfo=socket=$dir/munge/sock,cred_expire=5
CredType=cred/munge
StateSaveLocation=$dir/state
SlurmdSpoolDir=$dir/spool.%n
SlurmctldPidFile=$dir/state/slurmctld.pid
SlurmdPidFile=$dir/run/slurmd.%n.pid
SlurmctldLogFile=$dir/log/slurmctld.log
SlurmdLogFile=$dir/log/slurmd.%n.log
SlurmctldDebug=info
SlurmdDebug=info
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerType=sched/backfill
SchedulerParameters=sched_interval=1,bf_interval=1,batch_sched_delay=0,sched_min_interval=0
MpiDefault=none
ReturnToService=2
MinJobAge=300
KillWait=5
InactiveLimit=0
SlurmctldTimeout=60
SlurmdTimeout=60
MaxArraySize=1001
JobRequeue=1
AccountingStorageType=accounting_storage/none
CONF
        for ((i = 1; i <= nodes; i++)); do
            echo "NodeName=n$i NodeHostname=$host NodeAddr=127.0.0.1 Port=$((port + i)) CPUs=$cores Boards=1 SocketsPerBoard=1 CoresPerSocket=$cores ThreadsPerCore=1 RealMemory=$((memory / nodes)) Feature=kind1 State=UNKNOWN"
        done
        echo "PartitionName=main Nodes=n[1-$nodes] Default=YES MaxTime=INFINITE State=UP"
    } >"$SLURM_CONF"
    chmod 644 "$SLURM_CONF"
    echo "export SLURM_CONF=$SLURM_CONF" >"$dir/env"
    controller
    for ((i = 1; i <= nodes; i++)); do slurmd -N "n$i"; done
    for ((i = 0; i < 120; i++)); do
        [[ $(sinfo -h -o %T 2>/dev/null | sort -u) == idle ]] && return 0
        sleep 0.5
    done
    echo "the cluster did not come up:" >&2
    tail -n 20 "$dir"/log/*.log >&2
    return 1
}

case $action in
up) up "${3:-1}" ;;
controller) controller ;;
node) slurmd -N "${3:?name of the node}" ;;
down) down ;;
*) echo "up, controller, node or down was expected" >&2 && exit 2 ;;
esac
