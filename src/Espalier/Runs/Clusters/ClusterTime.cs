using Espalier.Runs.Studies;

namespace Espalier.Runs.Clusters;

/// <summary>How long what is left of a study takes on so many nodes: each stage, once its inputs are there, on the first node that is free.</summary>
public static class ClusterTime
{
    /// <param name="graph">What is left.</param>
    /// <param name="cores">Of a node, which works on one stage at a time.</param>
    /// <returns>Seconds until the last is done.</returns>
    public static double Seconds(StudyGraph graph, int nodes, int cores)
    {
        // What the longest way behind an item takes: such are begun first.
        Dictionary<string, double> behind = [];
        foreach (GraphItem item in graph.Items.Reverse())
        {
            double own = Seconds(item, cores) + behind.GetValueOrDefault(item.Key);
            behind[item.Key] = own;
            foreach (string need in item.Needs)
            {
                behind[need] = Math.Max(behind.GetValueOrDefault(need), own);
            }
        }

        Dictionary<string, double> ends = [];
        double[] free = new double[nodes];
        List<GraphItem> waiting = [.. graph.Items];
        while (waiting.Count > 0)
        {
            Array.Sort(free);
            GraphItem next = waiting
                .Where(i => i.Needs.All(ends.ContainsKey))
                .OrderBy(i => Math.Max(free[0], ReadyAt(i)))
                .ThenByDescending(i => behind[i.Key])
                .First();
            double end = Math.Max(free[0], ReadyAt(next)) + Seconds(next, cores);
            ends[next.Key] = free[0] = end;
            waiting.Remove(next);
        }

        return ends.Values.DefaultIfEmpty(0).Max();

        double ReadyAt(GraphItem item) => item.Needs.Select(n => ends[n]).DefaultIfEmpty(0).Max();
    }

    /// <summary>What times are taken of takes as long on any number of cores.</summary>
    static double Seconds(GraphItem item, int cores) =>
        item.Measures ? item.CoreSeconds : item.CoreSeconds / cores;
}
