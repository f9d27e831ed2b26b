using System.Text;

namespace Espalier.Runs.Clusters;

/// <summary>A job array as sbatch reads it.</summary>
static class SlurmScript
{
    /// <summary>What a node may need to begin and to end a stage, beside the stage.</summary>
    const int MostRestarts = 20;

    /// <summary>What it asks for in its head, and below what a task does.</summary>
    /// <param name="study">Its name.</param>
    /// <param name="command">How Espalier is started, in words.</param>
    /// <param name="store">Full path of the store, the same on every node.</param>
    /// <param name="logs">Full path of the folder where jobs write.</param>
    /// <param name="bad">Nodes that failed before.</param>
    public static string Of(
        JobArray array,
        string study,
        SlurmOptions options,
        IReadOnlyList<string> command,
        string store,
        string logs,
        IReadOnlyList<string> bad
    )
    {
        string most = options.AtOnce is { } n ? $"%{n}" : "";
        string[] asked =
        [
            $"--job-name={study}:{array.Name}",
            $"--array={string.Join(',', array.Tasks.Select(t => t.Index))}{most}",
            $"--output={logs}/%A_%a.log",
            "--open-mode=append",
            "--requeue",
            "--kill-on-invalid-dep=yes",
            $"--signal=B:USR1@{options.WarningSeconds}",
            .. options.Partition is { } partition
                ? [$"--partition={partition}"]
                : Array.Empty<string>(),
            .. options.Time is { } time ? [$"--time={time}"] : Array.Empty<string>(),
            .. bad.Count > 0 ? [$"--exclude={string.Join(',', bad)}"] : Array.Empty<string>(),
            // Times are taken on whole nodes of one kind.
            .. array.Measures ? ["--exclusive"]
            : options.Cores is { } cores ? [$"--cpus-per-task={cores}"]
            : Array.Empty<string>(),
            .. array.Measures && options.Kind is { } kind
                ? [$"--constraint={kind}"]
                : Array.Empty<string>(),
            .. options.Further,
        ];
        StringBuilder text = new("#!/bin/sh\n");
        foreach (string option in asked)
        {
            text.Append($"#SBATCH {Quoted(option)}\n");
        }

        text.Append(
            $$"""
            # A task of the study {{study}}: its stages, one after the other, each stored when it is done. Submitted again, or started
            # twice, it does what is missing and nothing else.
            store={{ShellScript.Quoted(store)}}
            logs={{ShellScript.Quoted(logs)}}

            case $SLURM_ARRAY_TASK_ID in

            """
        );
        foreach (ArrayTask task in array.Tasks)
        {
            text.Append(
                $"{task.Index}) set -- {string.Join(' ', task.Items.Select(i => i.Key))} ;; # {task.Items[0].Task}, seed {task.Items[0].Seed}: {string.Join(", ", task.Items.Select(i => i.Pipeline))}\n"
            );
        }

        return text.Append(
                $$"""
                *) echo "there is no task $SLURM_ARRAY_TASK_ID" >&2; exit 2 ;;
                esac

                # A signal goes on to the work, also one that comes before there is any. USR1: the time is nearly up, and it saves
                # itself and ends with 75.
                work= early=
                hand_on() { if [ -n "$work" ]; then kill -"$1" $work; else early=$1; fi; }
                trap 'hand_on USR1' USR1
                trap 'hand_on TERM' TERM
                {{string.Join(
                    ' ',
                    command.Select(ShellScript.Quoted)
                )}} stage run "$@" --store "$store" --threads "${SLURM_CPUS_ON_NODE:-1}" &
                work=$!
                [ -z "$early" ] || kill -"$early" $work
                while :; do
                    wait $work
                    code=$?
                    # A signal ends the wait and not the work.
                    [ $code -gt 128 ] && kill -0 $work 2>/dev/null || break
                done
                wait $work 2>/dev/null
                again=$?
                [ $code -le 128 ] || [ $again -eq 127 ] || code=$again

                echo "$SLURM_ARRAY_JOB_ID $SLURM_ARRAY_TASK_ID ${SLURM_RESTART_COUNT:-0} $SLURMD_NODENAME $code" >>"$logs/ends"
                case $code in
                0 | 9) exit 0 ;; # a training that diverged is a result, and the store says so
                75) [ "${SLURM_RESTART_COUNT:-0}" -lt {{MostRestarts}} ] && scontrol requeue "$SLURM_JOB_ID" && sleep 60 ;;
                esac
                exit $code

                """
            )
            .ToString();
    }

    /// <summary>Slurm's own reading of a line of the head: quotes keep what is between them together.</summary>
    static string Quoted(string option) => option.Contains(' ') ? $"\"{option}\"" : option;
}
