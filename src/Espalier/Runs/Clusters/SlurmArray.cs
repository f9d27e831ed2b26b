using System.Globalization;
using System.Text;
using Espalier.Runs.Studies;

namespace Espalier.Runs.Clusters;

/// <summary>A task of an array: what one cell of the study does of it, in order.</summary>
/// <param name="Index">Of the cell, the same in all arrays.</param>
public sealed record SlurmTask(int Index, IReadOnlyList<GraphItem> Items);

/// <summary>
/// One job array: the same operators for every task and seed of a study, each its own array task, which begins when that of the
/// same index in the arrays before has ended well (aftercorr).
/// </summary>
/// <param name="After">Positions of those arrays in the list of all.</param>
public sealed record SlurmArray(
    bool Measures,
    IReadOnlyList<SlurmTask> Tasks,
    IReadOnlyList<int> After
)
{
    // Slurm's default MaxArraySize is 1001.
    const int MostTasks = 1000;

    /// <summary>What a node may need to begin and to end a stage, beside the stage.</summary>
    const int MostRestarts = 20;

    public string Name => Tasks[0].Items[0] is var first && Measures ? "times" : first.Pipeline;

    /// <summary>
    /// Arrays that do what is left of a study, in an order in which they can be submitted. What takes no training rides along with
    /// what it is made of.
    /// </summary>
    public static IReadOnlyList<SlurmArray> Of(StudyGraph whole, StudyGraph left)
    {
        (string, ulong)[] cells = [.. whole.Items.Select(i => (i.Task, i.Seed)).Distinct()];
        List<(
            string Kind,
            bool Measures,
            List<int> After,
            SortedDictionary<int, List<GraphItem>> Tasks
        )> arrays = [];
        Dictionary<string, int> arrayOf = [];
        foreach (GraphItem item in left.Items)
        {
            int cell = Array.IndexOf(cells, (item.Task, item.Seed));
            if (item is { Measures: false, CoreSeconds: 0, Needs: [var one] })
            {
                arrayOf[item.Key] = arrayOf[one];
                arrays[arrayOf[one]].Tasks[cell % MostTasks].Add(item);
                continue;
            }

            List<int> after = [.. item.Needs.Select(n => arrayOf[n]).Distinct().Order()];
            string kind = string.Create(
                CultureInfo.InvariantCulture,
                $"{cell / MostTasks} {item.Measures} {item.Pipeline} {string.Join(',', after)}"
            );
            int at = arrays.FindIndex(a => a.Kind == kind);
            if (at < 0)
            {
                at = arrays.Count;
                arrays.Add((kind, item.Measures, after, []));
            }

            arrayOf[item.Key] = at;
            arrays[at].Tasks.Add(cell % MostTasks, [item]);
        }

        return
        [
            .. arrays.Select(a => new SlurmArray(
                a.Measures,
                [.. a.Tasks.Select(t => new SlurmTask(t.Key, t.Value))],
                a.After
            )),
        ];
    }

    /// <summary>As sbatch reads it: what it asks for in its head, and below what a task does.</summary>
    /// <param name="study">Name of the study.</param>
    /// <param name="command">How Espalier is started, in words.</param>
    /// <param name="store">Full path of the store, the same on every node.</param>
    /// <param name="logs">Full path of the folder where jobs write.</param>
    /// <param name="bad">Nodes that failed before.</param>
    public string Script(
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
            $"--job-name={study}:{Name}",
            $"--array={string.Join(',', Tasks.Select(t => t.Index))}{most}",
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
            .. Measures ? ["--exclusive"]
            : options.Cores is { } cores ? [$"--cpus-per-task={cores}"]
            : Array.Empty<string>(),
            .. Measures && options.Kind is { } kind
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
        foreach (SlurmTask task in Tasks)
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
