using System.Globalization;
using Espalier.Runs.Studies;

namespace Espalier.Runs.Clusters;

/// <summary>A task of an array: what one cell of the study does of it, in order.</summary>
/// <param name="Index">Of the cell, the same in all arrays.</param>
public sealed record ArrayTask(int Index, IReadOnlyList<GraphItem> Items);

/// <summary>
/// What a cluster is given as one, Slurm as a job array and Kubernetes as an Indexed Job: the same operators for every task and seed
/// of a study, each its own task.
/// </summary>
/// <param name="After">Positions, in the list of all, of the arrays whose tasks of the same index come before; Slurm waits for them (aftercorr).</param>
public sealed record JobArray(
    bool Measures,
    IReadOnlyList<ArrayTask> Tasks,
    IReadOnlyList<int> After
)
{
    // Slurm's default MaxArraySize is 1001; Kubernetes takes more.
    const int MostTasks = 1000;

    public string Name => Tasks[0].Items[0] is var first && Measures ? "times" : first.Pipeline;

    /// <summary>
    /// Arrays that do what is left of a study, in an order in which they can be submitted. What takes no training rides along with
    /// what it is made of.
    /// </summary>
    public static IReadOnlyList<JobArray> Of(StudyGraph whole, StudyGraph left)
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
            .. arrays.Select(a => new JobArray(
                a.Measures,
                [.. a.Tasks.Select(t => new ArrayTask(t.Key, t.Value))],
                a.After
            )),
        ];
    }
}
